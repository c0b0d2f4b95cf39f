"use strict";
// What the pages do themselves: choosing, the film viewer, keys, the lock. Everything works without it, less well.
(() => {
  const all = (query, root = document) => [...root.querySelectorAll(query)];
  const one = (query, root = document) => root.querySelector(query);
  const typing = "input:not([type=checkbox], [type=radio]), select, textarea";

  // Choosing films or studies; the choice outlives what the list redraws.
  const chosen = new Map();
  const showChoice = () => {
    const box = one("[data-chosen]");
    for (const tick of all("[data-choose]")) tick.checked = chosen.has(tick.value);
    if (!box) return;
    for (const kept of all("input[data-kept]")) kept.remove();
    const there = new Set(all("[data-choose]").map((tick) => tick.value));
    for (const [value, name] of chosen) {
      if (there.has(value)) continue;
      const kept = document.createElement("input");
      Object.assign(kept, { type: "hidden", name: name.field, value });
      kept.dataset.kept = "";
      box.append(kept);
    }
    box.hidden = chosen.size === 0;
    const who = new Set([...chosen.values()].map((each) => each.who).filter(Boolean));
    one("[data-count]", box).textContent = `${chosen.size} ✓${who.size > 1 ? ` · ${who.size} ⚠` : ""}`;
  };
  document.addEventListener("change", (event) => {
    const target = event.target;
    if (target.matches("[data-choose]")) {
      if (target.checked) chosen.set(target.value, { field: target.name, who: target.dataset.who });
      else chosen.delete(target.value);
      showChoice();
    }
    if (target.matches("[data-submit]")) target.form.requestSubmit();
  });
  // What does not change the plan of a disc does not have it made again.
  document.addEventListener("change", (event) => { if (event.target.matches("[data-unplanned]")) event.stopPropagation(); }, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-clear]")) { chosen.clear(); showChoice(); }
  });
  document.addEventListener("htmx:afterSwap", () => { merge(); showChoice(); });
  window.addEventListener("pageshow", () => { for (const tick of all("[data-choose]:checked")) chosen.set(tick.value, { field: tick.name, who: tick.dataset.who }); showChoice(); });

  // What renews itself when something changed is a region: hx-trigger "sse:...", and "live" among what it asks for. Nothing
  // goes from under a finger that presses; what is the same stays as it is; what is opened, typed (data-kept) and has the
  // focus stays so; an answer that was asked for before another was shown is asked for again.
  const LONGEST_PRESS_MS = 2000;  // a select that opens takes the end of the press for itself
  const isLive = (path) => /[?&]live=/.test(path);
  const shown = new WeakMap(), held = new Set();
  const again = (region) => setTimeout(() => window.htmx.trigger(region, "sse:start"), 0);
  let pressed = false, putBack = () => {};
  document.addEventListener("htmx:beforeRequest", ({ detail }) => { detail.requestConfig.askedAt = performance.now(); });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const region = detail.target.closest("[hx-trigger*='sse:']"), text = detail.serverResponse;
    const { path, parameters, askedAt } = detail.requestConfig;
    if (!detail.shouldSwap || !region) return;
    const last = shown.get(region) || { at: 0, text: null }, late = askedAt < last.at;
    if (!isLive(path)) {  // somebody's own search, or more of the list
      shown.set(region, { at: performance.now(), text: null });
      if (late) again(region);
      return;
    }
    const busy = pressed || one(":is(form, button, a).htmx-request", region)  // its answer may be an error, told only while it is there
      || parameters.q !== one("#q")?.value;  // a search of what was typed follows
    if (busy || late || text === last.text) detail.shouldSwap = false;
    if (busy) held.add(region);
    else if (late) again(region);
    if (!detail.shouldSwap) return;
    shown.set(region, { at: performance.now(), text });
    const opened = all("details[open][id]", region).map((each) => each.id), kept = all("[data-kept]", region), focus = document.activeElement;
    putBack = () => {
      for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
      for (const old of kept) {
        const fresh = document.getElementById(old.id);
        if (fresh) { fresh.replaceWith(old); window.htmx.process(old); }
      }
      const place = focus.isConnected ? focus : focus.id && document.getElementById(focus.id);
      if (place && place !== document.activeElement) place.focus({ preventScroll: true });
    };
  });
  document.addEventListener("htmx:afterSettle", () => { putBack(); putBack = () => {}; });
  document.addEventListener("htmx:afterRequest", ({ detail: { xhr, requestConfig: { path, target } } }) => {
    if (!isLive(path)) { if (!pressed) release(); }
    else if (xhr.status === 0 || xhr.status >= 500) setTimeout(again, 5000, target);
  });
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const rows = detail.elt.id === "rows" ? all(".study", detail.elt).length : 0;
    if (rows) detail.parameters.limit = Math.min(rows, 200);  // as many as are shown: somebody may have asked for more
  });
  const release = () => {
    pressed = false;
    held.forEach(again);
    held.clear();
  };
  let releasing;
  const releaseIn = (ms) => { clearTimeout(releasing); releasing = setTimeout(release, ms); };
  for (const begin of ["pointerdown", "keydown"]) document.addEventListener(begin, () => { pressed = true; releaseIn(LONGEST_PRESS_MS); }, true);
  for (const end of ["pointerup", "pointercancel", "keyup"]) document.addEventListener(end, () => releaseIn(0), true);

  // A study that several places have is one row: the first one, which says where else it is.
  const merge = () => {
    for (const found of all(".found")) found.hidden = false;
    const rows = new Map();
    for (const row of all(".study[data-uid]")) {
      const first = rows.get(row.dataset.uid), name = row.dataset.name;
      row.hidden = Boolean(first);
      if (!first) { rows.set(row.dataset.uid, row); continue; }
      const places = one("[data-places]", first) || one(".state", first);
      for (const place of all(".place", row)) {
        if (!all(".place", first).some((each) => each.textContent === place.textContent)) places.append(" ", place.cloneNode(true));
      }
      const tick = one("[data-choose]", first);
      if (!first.dataset.name && ("fetch" in row.dataset || chosen.has(name))) tick.value = name;
      else if (chosen.has(name)) { chosen.set(tick.value, chosen.get(name)); chosen.delete(name); }
    }
    for (const list of all(".found .studies")) list.parentElement.hidden = !one(".study:not([hidden])", list);
  };

  // A hand scanner types a number and Enter: when one study is left, here or in an archive, it is ticked.
  // Answers come one by one, the last may be the one that has it; what is typed next is another search.
  let take = null;
  const awaitNone = () => { document.removeEventListener("htmx:afterSettle", take); take = null; };
  document.addEventListener("input", awaitNone);
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("[data-scan] input[type=search]");
    if (!field || event.key !== "Enter") return;
    event.preventDefault();
    awaitNone();
    take = () => {
      const here = all("#rows [data-choose]");
      const ticks = here.length ? here : all(".study:not([hidden]) [data-choose]");
      if (ticks.length === 0) return;
      awaitNone();
      if (ticks.length === 1 && field.value.trim()) {
        chosen.set(ticks[0].value, { field: ticks[0].name, who: ticks[0].dataset.who });
        showChoice();
        field.select();
      }
    };
    document.addEventListener("htmx:afterSettle", take);
    window.htmx.trigger(field, "search");
  });

  // Pictures that cannot be had leave an empty place, not a broken sign.
  document.addEventListener("error", (event) => { if (event.target.matches?.("img[data-picture]")) event.target.style.visibility = "hidden"; }, true);

  // Keys.
  const pages = { f: "/films", s: "/studies", d: "/discs", q: "/queue" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(typing)) return;
    if (event.key === "/") { const field = one("[data-search]"); if (field) { event.preventDefault(); field.focus(); field.select(); } }
    else if (event.key === "l" && one("#lock-now")) one("#lock-now").requestSubmit();
    else if (event.key === "?") location.assign("/help");
    else if (pages[event.key] && document.body.dataset.lockAfter) location.assign(pages[event.key]);
  });

  // The viewer.
  const viewer = one("[data-viewer]");
  if (viewer) {
    const stage = one(".stage", viewer), sheet = one("[data-sheet]", viewer);
    const sheets = Number(viewer.dataset.sheets);
    let number = 1, zoom = 1, x = 0, y = 0, side = 2048;
    const address = () => `/api/v1/films/${viewer.dataset.film}/pages/${number}.png?side=${side}`;
    const draw = () => {
      sheet.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
      one("[data-zoom]", viewer).textContent = `${Math.round(zoom * 100)} %`;
      const pixels = Math.max(sheet.clientWidth, sheet.clientHeight) * zoom * devicePixelRatio;
      if (pixels > 2200 && side < 4096) {
        side = 4096;
        const sharper = new Image();
        sharper.onload = () => { sheet.src = sharper.src; };
        sharper.src = address();
      }
    };
    document.addEventListener("htmx:afterSettle", () => {
      const drawn = one("#side [data-drawn]")?.dataset.drawn;
      if (!drawn) return;
      if (sheet.hidden && drawn === "yes") sheet.src = address();
      for (const each of all("[data-shown]", stage)) each.hidden = each.dataset.shown !== drawn;
    });
    const zoomBy = (factor, atX = 0, atY = 0) => {
      const next = Math.min(12, Math.max(1, zoom * factor));
      x = atX - (atX - x) * (next / zoom);
      y = atY - (atY - y) * (next / zoom);
      zoom = next;
      if (zoom === 1) x = y = 0;
      draw();
    };
    const turn = (step) => {
      number = Math.min(sheets, Math.max(1, number + step));
      side = 2048; zoom = 1; x = y = 0;
      sheet.src = address();
      const shown = one("[data-number]", viewer);
      if (shown) shown.textContent = `${number} / ${sheets}`;
      draw();
    };
    const invert = () => {
      const on = stage.classList.toggle("inverted");
      one("[data-do=invert]", viewer).setAttribute("aria-pressed", String(on));
    };
    const deeds = { larger: () => zoomBy(1.4), smaller: () => zoomBy(1 / 1.4), whole: () => zoomBy(0), before: () => turn(-1), after: () => turn(1), invert };
    viewer.addEventListener("click", (event) => { const deed = event.target.closest("[data-do]"); if (deed) deeds[deed.dataset.do](); });
    viewer.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = stage.getBoundingClientRect();
      zoomBy(Math.exp(-event.deltaY / 500), event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2);
    }, { passive: false });
    stage.addEventListener("dblclick", () => zoomBy(zoom > 1 ? 0 : 3));
    const fingers = new Map();
    stage.addEventListener("pointerdown", (event) => { stage.setPointerCapture(event.pointerId); fingers.set(event.pointerId, event); });
    stage.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const others = [...fingers.values()].filter((each) => each.pointerId !== event.pointerId);
      if (others.length === 1) {
        const span = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
        zoomBy(span(event, others[0]) / Math.max(1, span(before, others[0])));
      } else if (zoom > 1) { x += event.clientX - before.clientX; y += event.clientY - before.clientY; draw(); }
      fingers.set(event.pointerId, event);
    });
    for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, (event) => fingers.delete(event.pointerId));
    const keys = { "+": deeds.larger, "=": deeds.larger, "-": deeds.smaller, 0: deeds.whole, i: invert };
    document.addEventListener("keydown", (event) => {
      if (event.target.closest(typing) || event.ctrlKey || event.metaKey) return;
      if (keys[event.key]) keys[event.key]();
      else if (event.key === "ArrowLeft") { if (zoom > 1) { x += 60; draw(); } else turn(-1); }
      else if (event.key === "ArrowRight") { if (zoom > 1) { x -= 60; draw(); } else turn(1); }
      else if (event.key === "ArrowUp" && zoom > 1) { y += 60; draw(); }
      else if (event.key === "ArrowDown" && zoom > 1) { y -= 60; draw(); }
    });
  }

  // The lock: after a while without anybody the page goes, whatever it shows.
  const after = Number(document.body.dataset.lockAfter || 0);
  if (after) {
    let last = Date.now(), told = Date.now();
    for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) document.addEventListener(kind, () => { last = Date.now(); }, { passive: true, capture: true });
    setInterval(() => {
      if (last > told && Date.now() - told > after * 300) {
        told = Date.now();
        window.htmx?.ajax("POST", "/awake", { swap: "none" });
      }
      if (Date.now() - last > after * 1000) { last = Infinity; one("#lock-now").requestSubmit(); }
    }, Math.min(5000, after * 250));
  }
})();
