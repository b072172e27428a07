// The charts of one agent. Their data came with the page; while its score changes the page says so.
"use strict";
(() => {
    const { beats, scores } = JSON.parse(document.getElementById("series").textContent);
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();

    for (const part of document.querySelectorAll("[data-width]")) part.style.width = `${Math.max(0, part.dataset.width)}%`;

    const chart = (id, times, values, options = {}) => {
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
            series: [{ label: "at", value: (_, at) => at ? new Date(at * 1000).toTimeString().slice(0, 8) : "–" }, {
                label: options.label || "value", stroke: colour("accent"), width: 2, spanGaps: false,
                points: { show: times.length < 60 },
                ...(options.isStepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
            }],
        }, [times, values], place);
        new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 170 })).observe(place);
    };

    const { agent: id, score } = document.getElementById("agent").dataset;
    if (score && scores.at) {
        scores.at.push(Date.now() / 1000);
        scores.score.push(Number(score));
    }
    chart("scores", scores.at, scores.score, { range: [0, 100], label: "score", isStepped: true });
    chart("processing", beats.at, beats.average_processing_time_ms, { label: "ms" });
    chart("cpu", beats.at, beats.cpu_usage_percent, { range: [0, 100], label: "%" });
    chart("memory", beats.at, beats.memory_usage_mb, { label: "MB" });

    document.addEventListener("hha:cells", ({ detail }) => {
        const cell = detail.changed.find((c) => c[0] === id);
        if (!cell) return;
        document.querySelector("[data-cell=score]").textContent = cell[6] ?? "–";
        document.querySelector("[data-cell=state]").textContent = cell[7] ?? "nothing yet";
        const status = document.querySelector("#agent .status");
        status.className = `status s-${cell[5] || "none"}`;
        status.textContent = cell[5] || "not judged";
        const liveness = document.querySelector("#agent .liveness");
        liveness.className = `liveness l-${cell[4]}`;
        liveness.textContent = cell[4].replace("_", " ");
    });
})();
