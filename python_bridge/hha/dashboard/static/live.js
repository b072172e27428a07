// Keeps the numbers of every page true: one stream of server-sent events, handed on as events of
// the document ("hha:cells", "hha:facts"), which the page's own script may listen to. A hidden tab
// has no stream, and while nobody has one the server asks the database nothing.
"use strict";
(() => {
    const pulse = document.getElementById("pulse");
    const say = (state, text) => { pulse.dataset.state = state; pulse.textContent = text; };

    const showFacts = (facts) => {
        for (const place of document.querySelectorAll("[data-fact]")) {
            const value = facts[place.dataset.fact];
            const isScore = place.dataset.fact.endsWith("_score");
            place.textContent = value === null || value === undefined ? "–"
                : isScore ? Number(value).toFixed(1) : value;
            if (place.classList.contains("count")) place.hidden = !Number(value);
        }
        if (facts.scheduler === "none") say("away", "nobody ticks");
        else say("live", "live");
        const cards = document.querySelector("[data-open]");
        const stale = document.getElementById("stale");
        if (cards && stale) stale.hidden = Number(cards.dataset.open) === Number(facts.open_alert_count);
    };

    if (location.pathname !== "/sign-in") {
        let stream = null;
        const stop = () => { stream?.close(); stream = null; };
        const start = () => {
            if (stream || document.visibilityState === "hidden") return;
            stream = new EventSource(`/events?${new URLSearchParams({ cells: document.body.dataset.cells })}`);
            const handOn = (name, use) => stream.addEventListener(name, (event) => {
                const data = JSON.parse(event.data);
                use(data);
                document.dispatchEvent(new CustomEvent(`hha:${name}`, { detail: data }));
            });
            handOn("facts", showFacts);
            handOn("cells", () => {});
            handOn("away", (data) => say("away", data.message));
            stream.onerror = () => say("away", "connecting again");
        };
        document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? stop() : start()));
        addEventListener("pagehide", stop);
        addEventListener("pageshow", start);
        start();
    } else say("", "");

    addEventListener("keydown", (event) => {
        if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === "/") {
            const search = document.querySelector("input[type=search]");
            if (search) { event.preventDefault(); search.focus(); }
        }
        const page = { f: "/", a: "/alerts", r: "/recoveries", x: "/executive", e: "/engine" }[event.key];
        if (page) location.href = page;
    });
})();
