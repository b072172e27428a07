// The fleet as cells on a canvas, so that many thousands stay fluid. A cell is
// [id, name or null where it is the id, type, class, liveness, status, score, state].
"use strict";
(() => {
    const place = document.getElementById("fleet");
    const hover = document.getElementById("hover");
    const shown = document.getElementById("shown");
    const filters = document.getElementById("filters");
    const agents = new Map();
    const GAP = 2;
    const MOST_GROUPS = 100;
    const statuses = ["excellent", "good", "fair", "poor", "critical"];
    let size = 20;
    let groups = [];      // [{name, cells, canvas, columns}]
    let chosen = null;    // {group, index}

    const colours = () => {
        const style = getComputedStyle(document.documentElement);
        return Object.fromEntries([...statuses, "none", "on-dark", "on-light", "ink", "paper"]
            .map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    };
    let palette = colours();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { palette = colours(); draw(); });

    const isOff = (c) => ["stopped", "never_seen"].includes(c[4]) || c[5] === null;
    const mark = (c) => c[4] === "unresponsive" ? "×" : ["error", "failed"].includes(c[7]) ? "!"
        : c[4] === "late" ? "–" : c[4] === "in_maintenance" ? "m" : "";
    const inTrouble = (c) => mark(c) !== "" || ["poor", "critical"].includes(c[5]);
    const nameOf = { type: (c) => c[2] || "no type", class: (c) => c[3], status: (c) => c[5] || "not judged" };

    const words = new WeakMap();
    const wordsOf = (c) => {
        let known = words.get(c);
        if (known === undefined) words.set(c, known = `${c[0]} ${c[1] ?? ""} ${c[2]} ${c[7]}`.toLowerCase());
        return known;
    };
    const wanted = () => {
        const text = filters.q.value.trim().toLowerCase();
        const show = filters.show.value;
        return [...agents.values()].filter((c) =>
            (!text || wordsOf(c).includes(text))
            && (!show || (show === "trouble" ? inTrouble(c) : c[5] === show || c[4] === show)));
    };

    // A canvas each for so many groups; the smallest are shown together.
    const grouped = (cells) => {
        const key = nameOf[filters.group.value];
        if (!key) return [["", cells]];
        const byName = new Map();
        for (const c of cells) {
            const name = key(c);
            if (!byName.has(name)) byName.set(name, []);
            byName.get(name).push(c);
        }
        let all = [...byName];
        if (all.length > MOST_GROUPS) {
            all.sort((a, b) => b[1].length - a[1].length);
            const rest = all.splice(MOST_GROUPS - 1);
            all.push([`${rest.length} others`, rest.flatMap((one) => one[1])]);
        }
        const order = filters.group.value === "status" ? (a) => statuses.indexOf(a) : (a) => a;
        return all.sort((a, b) => (order(a[0]) < order(b[0]) ? -1 : 1));
    };

    const arrange = () => {
        const cells = wanted();
        size = cells.length > 30000 ? 6 : cells.length > 5000 ? 10 : cells.length > 1200 ? 14 : cells.length > 300 ? 20 : 30;
        groups = grouped(cells).map(([name, list]) => ({ name, cells: list }));
        place.replaceChildren();
        for (const group of groups) {
            if (group.name) {
                const title = document.createElement("h2");
                title.textContent = `${group.name} (${group.cells.length})`;
                place.append(title);
            }
            group.canvas = document.createElement("canvas");
            place.append(group.canvas);
        }
        shown.textContent = cells.length === agents.size ? `${cells.length} agents`
            : `${cells.length} of ${agents.size} agents`;
        chosen = null;
        draw();
    };

    const draw = () => {
        const width = place.clientWidth;
        const ratio = devicePixelRatio || 1;
        for (const group of groups) drawGroup(group, width, ratio);
    };

    // However many changes come in one frame, they are drawn once.
    const waiting = new Set();
    const soon = (work) => {
        if (!waiting.size) {
            requestAnimationFrame(() => {
                const works = [...waiting];
                waiting.clear();
                for (const one of works) one();
            });
        }
        waiting.add(work);
    };

    const drawGroup = (group, width, ratio) => {
        group.columns = Math.max(1, Math.floor((width + GAP) / (size + GAP)));
        const height = Math.ceil(group.cells.length / group.columns) * (size + GAP);
        const { canvas } = group;
        canvas.width = width * ratio;
        canvas.height = height * ratio;
        canvas.style.height = `${height}px`;
        const pen = canvas.getContext("2d", { alpha: false });
        pen.scale(ratio, ratio);
        pen.fillStyle = palette.paper;
        pen.fillRect(0, 0, width, height);
        pen.textAlign = "center";
        pen.textBaseline = "middle";
        pen.font = `bold ${Math.round(size * 0.7)}px system-ui, sans-serif`;
        const corner = (index) => [(index % group.columns) * (size + GAP), Math.floor(index / group.columns) * (size + GAP)];
        // One path for each colour: a change of colour costs more than a cell.
        const byColour = new Map();
        const signs = [];
        group.cells.forEach((c, index) => {
            const colour = isOff(c) ? palette.none : palette[c[5]] || palette.none;
            const [x, y] = corner(index);
            if (!byColour.has(colour)) byColour.set(colour, new Path2D());
            byColour.get(colour).rect(x, y, size, size);
            const sign = mark(c);
            if (sign) signs.push([sign, x, y, ["excellent", "critical"].includes(c[5]) && !isOff(c)]);
        });
        for (const [colour, path] of byColour) { pen.fillStyle = colour; pen.fill(path); }
        for (const [sign, x, y, isDark] of signs) {
            pen.fillStyle = isDark ? palette["on-dark"] : palette["on-light"];
            pen.fillText(sign, x + size / 2, y + size / 2 + 1);
        }
        if (chosen && chosen.group === group) {
            const [x, y] = corner(chosen.index);
            pen.strokeStyle = palette.ink;
            pen.lineWidth = 3;
            pen.strokeRect(x + 1.5, y + 1.5, size - 3, size - 3);
        }
    };

    const tell = (c) => {
        hover.textContent = c ? `${c[1] === null ? c[0] : `${c[1]} (${c[0]})`}: ${c[5] || "not judged"}, score ${c[6] ?? "–"}, `
            + `${c[4].replace("_", " ")}, says ${c[7] || "nothing yet"}` : "";
    };
    const open = (c) => { if (c) location.href = `/agents/${encodeURIComponent(c[0])}`; };
    const at = (event) => {
        const group = groups.find((g) => g.canvas === event.target);
        if (!group) return null;
        const index = Math.floor(event.offsetY / (size + GAP)) * group.columns + Math.floor(event.offsetX / (size + GAP));
        return Math.floor(event.offsetX / (size + GAP)) < group.columns && group.cells[index] ? { group, index } : null;
    };
    place.addEventListener("mousemove", (event) => { const hit = at(event); if (hit) tell(hit.group.cells[hit.index]); });
    place.addEventListener("click", (event) => { const hit = at(event); if (hit) open(hit.group.cells[hit.index]); });
    place.addEventListener("keydown", (event) => {
        if (!groups.length) return;
        if (event.key === "Enter" && chosen) { open(chosen.group.cells[chosen.index]); return; }
        const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: "down", ArrowUp: "up", Home: "home", End: "end" };
        const step = steps[event.key];
        if (step === undefined) return;
        event.preventDefault();
        if (!chosen) chosen = { group: groups[0], index: 0 };
        else {
            const { group } = chosen;
            const number = groups.indexOf(group);
            const moved = step === "home" ? 0 : step === "end" ? group.cells.length - 1
                : chosen.index + (step === "down" ? group.columns : step === "up" ? -group.columns : step);
            if (moved >= group.cells.length && number + 1 < groups.length) chosen = { group: groups[number + 1], index: 0 };
            else if (moved < 0 && number > 0) chosen = { group: groups[number - 1], index: groups[number - 1].cells.length - 1 };
            else chosen = { group, index: Math.min(Math.max(moved, 0), group.cells.length - 1) };
        }
        tell(chosen.group.cells[chosen.index]);
        draw();
    });

    const stored = new URLSearchParams(location.search);
    for (const name of ["q", "show", "group"]) if (stored.get(name)) filters[name].value = stored.get(name);
    filters.addEventListener("submit", (event) => event.preventDefault());
    filters.addEventListener("input", () => {
        const choice = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value));
        history.replaceState(null, "", choice.size ? `?${choice}` : location.pathname);
        soon(arrange);
    });

    // All cells once; then what the stream says, as long as it follows on what is here.
    let version = null;
    let heard = 0;
    let isReading = false;
    const read = async () => {
        if (isReading) return;
        isReading = true;
        try {
            do {
                const answer = await fetch("/cells", { credentials: "same-origin" });
                if (!answer.ok || answer.redirected) throw new Error(`the fleet cannot be read: ${answer.status}`);
                const all = await answer.json();
                version = all.version;
                agents.clear();
                for (const c of all.cells) agents.set(c[0], c);
            } while (version < heard);
            rearrange();
        } catch (error) {
            shown.textContent = error.message;
        } finally {
            isReading = false;
        }
    };
    const rearrange = () => {
        const before = chosen && chosen.group.cells[chosen.index];
        arrange();
        if (before) {
            for (const group of groups) {
                const index = group.cells.findIndex((c) => c[0] === before[0]);
                if (index >= 0) chosen = { group, index };
            }
            draw();
        }
        if (!performance.getEntriesByName("hha:drawn").length) performance.mark("hha:drawn");
    };
    document.addEventListener("hha:cells", ({ detail }) => {
        heard = detail.version;
        if (version === detail.version) return;
        if (version !== detail.version - 1) { read(); return; }
        version = detail.version;
        for (const c of detail.changed) agents.set(c[0], c);
        for (const id of detail.gone) agents.delete(id);
        soon(rearrange);
    });
    addEventListener("resize", () => soon(draw));
    read();
})();
