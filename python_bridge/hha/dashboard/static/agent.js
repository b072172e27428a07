// The charts of one agent. Their data came with the page; while its score changes the page says so.
"use strict";
(() => {
    const { beats, ranges, strange } = JSON.parse(document.getElementById("series").textContent);
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();

    for (const part of document.querySelectorAll("[data-width]")) part.style.width = `${Math.max(0, part.dataset.width)}%`;

    // Under the line: what is expected at present, and around it what was expected while it was strange.
    const expectations = (metric) => (plot) => {
        const { ctx, bbox } = plot;
        const box = (from, to, low, high, fill) => {
            if (low === null || high === null) return;
            const [left, right] = [from, to].map((at) => Math.min(Math.max(plot.valToPos(at, "x", true), bbox.left), bbox.left + bbox.width));
            const [top, bottom] = [high, low].map((value) => Math.min(Math.max(plot.valToPos(value, "y", true), bbox.top), bbox.top + bbox.height));
            ctx.fillStyle = fill;
            ctx.fillRect(left, top, right - left, bottom - top);
        };
        ctx.save();
        ctx.globalAlpha = 0.18;
        const { min, max } = plot.scales.x;
        if (ranges[metric]) box(min, max, ranges[metric].expected_low, ranges[metric].expected_high, colour("accent"));
        ctx.globalAlpha = 0.35;
        for (const one of strange.filter((each) => each.metric === metric && (each.to ?? max) >= min)) {
            box(one.from, one.to ?? max, one.low, one.high, colour("fair"));
            ctx.fillStyle = colour("critical");
            const [from, to] = [one.from, one.to ?? max].map((at) => Math.min(Math.max(plot.valToPos(at, "x", true), bbox.left), bbox.left + bbox.width));
            ctx.fillRect(from, bbox.top, Math.max(3, to - from), 6);
        }
        ctx.restore();
    };

    const chart = (id, metric, options = {}) => {
        const times = beats.at;
        const values = beats[metric];
        const place = document.getElementById(id);
        if (!times || !times.length || !values.some((value) => value !== null)) {
            place.classList.add("empty");
            place.textContent = "no data";
            return;
        }
        const clock = (_, moments) => moments.map((at) => new Date(at * 1000).toTimeString().slice(0, 5));
        const axis = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line") } };
        const plot = new uPlot({
            width: place.clientWidth,
            height: 170,
            legend: { live: true },
            cursor: { y: false },
            scales: { y: { range: (_, low, high) => options.range || [Math.min(0, low), high > 0 ? high * 1.1 : 1] } },
            axes: [{ ...axis, values: clock }, { ...axis, size: 55 }],
            hooks: { drawAxes: [expectations(metric)] },
            series: [{ label: "at", value: (_, at) => at ? new Date(at * 1000).toTimeString().slice(0, 8) : "–" }, {
                label: options.label || "value", stroke: colour("accent"), width: 2, spanGaps: false,
                points: { show: times.length < 60 },
            }],
        }, [times, values], place);
        new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 170 })).observe(place);
    };

    const { agent: id } = document.getElementById("agent").dataset;
    chart("processing", "average_processing_time_ms", { label: "ms" });
    chart("cpu", "cpu_usage_percent", { range: [0, 100], label: "%" });
    chart("memory", "memory_usage_mb", { label: "MB" });

    document.addEventListener("hha:cells", ({ detail }) => {
        const cell = detail.changed.find((c) => c[0] === id);
        if (!cell) return;
        // The stream tells whole points: what is the same keeps the digits it came with.
        const score = document.querySelector("[data-cell=score]");
        if (Math.round(Number(score.textContent)) !== cell[6]) score.textContent = cell[6] ?? "–";
        document.querySelector("[data-cell=state]").textContent = cell[7] ?? "nothing yet";
        const status = document.querySelector("#agent .status");
        status.className = `status s-${cell[5] || "none"}`;
        status.textContent = cell[5] || "not judged";
        const liveness = document.querySelector("#agent .liveness");
        liveness.className = `liveness l-${cell[4]}`;
        liveness.textContent = cell[4].replace("_", " ");
    });
})();
