// The score over time: what each component contributes, stacked; what the gate takes away, hatched; the
// score as a line; the limits of the statuses; incidents, recoveries and transitions as marks. The figures
// are those of health.score_between, the last ones those of health.explain.
"use strict";
(() => {
    const place = document.getElementById("scores");
    const tip = document.getElementById("score-tip");
    const { score: history, limits, marks } = JSON.parse(document.getElementById("series").textContent);
    const NAMES = ["heartbeat_consistency", "performance_metrics", "error_rate", "resource_efficiency", "business_impact"];
    const HEIGHT = 260;
    const words = (name) => name.replaceAll("_", " ");
    const now = Date.now() / 1000;

    // A row a step, and an empty one where steps are missing, so that nothing is drawn that nobody measured.
    const rows = [];
    history.at.forEach((at, index) => {
        const moment = at ?? now;
        const before = rows.at(-1);
        if (before && moment - before.at > 2 * history.step) rows.push({ at: before.at + history.step, score: null });
        rows.push({
            at: moment, score: history.score[index], gate: history.parts.gate[index],
            parts: NAMES.map((name) => history.parts[name][index]),
        });
    });
    if (!rows.length) {
        place.classList.add("empty");
        place.textContent = "no sample yet: the first is taken within a minute of the first judgement";
        return;
    }

    const hidden = new Set();
    const stacked = () => {
        const columns = [rows.map((row) => row.at)];
        const heights = rows.map((row) => (row.parts ? 0 : null));
        NAMES.forEach((name, number) => {
            rows.forEach((row, index) => {
                if (row.parts && !hidden.has(name)) heights[index] += row.parts[number];
            });
            columns.push([...heights]);
        });
        columns.push(rows.map((row) => row.score));
        return columns;
    };

    let colours;
    const readColours = () => {
        const style = getComputedStyle(document.documentElement);
        colours = Object.fromEntries(
            ["p1", "p2", "p3", "p4", "p5", "ink", "soft", "line", "paper", "critical", "fair", "good", "excellent"]
                .map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    };
    readColours();

    // Strokes instead of a colour: what is missing must not look like one more component.
    const hatching = (plot) => {
        const tile = document.createElement("canvas");
        tile.width = tile.height = 8;
        const pen = tile.getContext("2d");
        pen.fillStyle = colours.paper;
        pen.globalAlpha = 0.75;
        pen.fillRect(0, 0, 8, 8);
        pen.globalAlpha = 1;
        pen.strokeStyle = colours.critical;
        pen.beginPath();
        for (const shift of [-8, 0, 8]) { pen.moveTo(shift, 8); pen.lineTo(shift + 8, 0); }
        pen.stroke();
        return plot.ctx.createPattern(tile, "repeat");
    };

    const severityColour = (severity) => ({ info: colours.good, warning: colours.fair })[severity] || colours.critical;

    const drawMarks = (plot) => {
        const { ctx, bbox } = plot;
        const ratio = devicePixelRatio || 1;
        const x = (at) => Math.min(Math.max(plot.valToPos(at, "x", true), bbox.left), bbox.left + bbox.width);
        ctx.save();
        ctx.font = `${11 * ratio}px system-ui, sans-serif`;
        ctx.textAlign = "left";
        ctx.textBaseline = "bottom";
        for (const [name, limit] of Object.entries(limits)) {
            const y = Math.round(plot.valToPos(limit, "y", true));
            ctx.strokeStyle = colours.ink;
            ctx.globalAlpha = 0.5;
            ctx.setLineDash([2 * ratio, 4 * ratio]);
            ctx.beginPath();
            ctx.moveTo(bbox.left, y);
            ctx.lineTo(bbox.left + bbox.width, y);
            ctx.stroke();
            ctx.globalAlpha = 1;
            const width = ctx.measureText(name).width;
            ctx.fillStyle = colours.paper;
            ctx.fillRect(bbox.left + 4 * ratio, y - 14 * ratio, width + 6 * ratio, 13 * ratio);
            ctx.fillStyle = colours.ink;
            ctx.fillText(name, bbox.left + 7 * ratio, y - 1);
        }
        ctx.setLineDash([]);
        ctx.textBaseline = "top";
        ctx.textAlign = "center";
        for (const mark of marks) {
            if (mark.kind === "incident") {
                ctx.fillStyle = severityColour(mark.what);
                const from = x(mark.at);
                ctx.fillRect(from, bbox.top, Math.max(3 * ratio, x(mark.until ?? now) - from), 6 * ratio);
            } else if (mark.kind === "transition") {
                ctx.fillStyle = colours.ink;
                ctx.fillRect(x(mark.at), bbox.top + bbox.height - 9 * ratio, 1.5 * ratio, 9 * ratio);
            } else {
                ctx.fillStyle = colours.ink;
                ctx.fillText("▲", x(mark.at), bbox.top + 9 * ratio);
            }
        }
        ctx.restore();
    };

    const clock = (at) => new Date(at * 1000).toLocaleTimeString([], { hour12: false });
    const axisClock = (_, moments) => moments.map((at) => {
        const moment = new Date(at * 1000);
        return moments.at(-1) - moments[0] > 90000 ? `${moment.getMonth() + 1}/${moment.getDate()}` : clock(at).slice(0, 5);
    });

    // What is under the cursor, in words: the same that a screen reader hears.
    const tell = (plot) => {
        const index = plot.cursor.idx;
        const row = index === null || index === undefined ? null : rows[index];
        if (!row || row.score === null) { tip.textContent = ""; return; }
        const near = marks.filter((mark) => Math.abs(mark.at - row.at) <= history.step
            || (mark.kind === "incident" && mark.at <= row.at && (mark.until ?? now) >= row.at));
        const parts = NAMES.map((name, number) => `${words(name)} ${row.parts[number].toFixed(1)}`);
        if (row.gate < 0) parts.push(`gate ${row.gate.toFixed(1)}`);
        const said = near.slice(0, 3).map((mark) => `${mark.kind}: ${mark.what}`);
        tip.textContent = `${clock(row.at)}: score ${row.score.toFixed(1)} = ${parts.join(" + ").replaceAll("+ gate -", "- gate ")}`
            + (said.length ? `. ${said.join("; ")}` : "");
    };

    const build = () => {
        const axis = { stroke: () => colours.soft, grid: { stroke: () => colours.line, width: 1 }, ticks: { stroke: () => colours.line } };
        const paths = uPlot.paths.stepped({ align: 1 });
        return new uPlot({
            width: place.clientWidth,
            height: HEIGHT,
            legend: { show: false },
            cursor: { y: false, points: { show: false } },
            scales: { y: { range: [0, 100] } },
            axes: [{ ...axis, values: axisClock }, { ...axis, size: 40 }],
            bands: [
                ...NAMES.slice(1).map((_, number) => ({ series: [number + 2, number + 1], fill: () => colours[`p${number + 2}`] })),
                { series: [NAMES.length, NAMES.length + 1], fill: (plot) => hatching(plot) },
            ],
            series: [
                {},
                ...NAMES.map((name, number) => ({
                    label: words(name), paths, points: { show: false }, width: 0, stroke: () => colours[`p${number + 1}`],
                    fill: number === 0 ? () => colours.p1 : undefined,
                })),
                { label: "score", paths, points: { show: rows.length < 3 }, width: 2.5, stroke: () => colours.ink },
            ],
            hooks: { draw: [drawMarks], setCursor: [tell] },
        }, stacked(), place);
    };
    const plot = build();
    new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); plot.redraw(); });

    document.getElementById("score-legend").addEventListener("click", (event) => {
        const button = event.target.closest("[data-part]");
        if (!button) return;
        const { part } = button.dataset;
        if (!hidden.delete(part)) hidden.add(part);
        button.setAttribute("aria-pressed", String(!hidden.has(part)));
        // Without all components there is nothing that the gate takes away.
        plot.setBand(NAMES.length - 1, { show: hidden.size === 0 });
        plot.setData(stacked());
    });
    place.addEventListener("keydown", (event) => {
        const index = plot.cursor.idx ?? rows.length - 1;
        const moved = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: rows.length - 1 }[event.key];
        if (moved === undefined) return;
        event.preventDefault();
        const next = Math.min(Math.max(moved, 0), rows.length - 1);
        plot.setCursor({ left: plot.valToPos(rows[next].at, "x"), top: 0 });
    });
    addEventListener("beforeprint", () => plot.setSize({ width: 680, height: HEIGHT }));
})();
