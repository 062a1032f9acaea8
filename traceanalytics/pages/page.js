"use strict";
const AXIS_ROOM = 64, SMALL_AXIS_ROOM = 62;
const dark = window.matchMedia("(prefers-color-scheme: dark)");
let { specs, rows, configs } = JSON.parse(document.getElementById("charts").textContent);
const views = (window.views = {});

// Rows travel as columns, in which a word that comes again is a number.
function unpacked({ n, columns }) {
  const names = Object.keys(columns);
  const value = (column, i) => (Array.isArray(column) ? column[i] : column.of[column.at[i]]);
  return Array.from({ length: n }, (_, i) => Object.fromEntries(names.map((name) => [name, value(columns[name], i)])));
}

function withRows(spec) {
  const asked = JSON.stringify(spec).matchAll(/"data":\{"name":"([^"]+)"/g);
  const names = new Set([...asked].map((found) => found[1]).filter((name) => name in rows));
  return { ...spec, datasets: Object.fromEntries([...names].map((name) => [name, unpacked(rows[name])])) };
}

// Widths of small multiples and of charts in a row cannot be "container" in Vega-Lite: they are numbers, made here.
// The same is in theme.py, for images.
function fit(spec, width) {
  const wanted = { smallest: width, room: AXIS_ROOM, ...spec.usermeta };
  const columns = Math.max(1, Math.floor(width / wanted.smallest));
  const fitted = (node, room) => {
    if (Array.isArray(node)) return node.map((each) => fitted(each, room));
    if (node === null || typeof node !== "object") return node;
    if ("facet" in node && "spec" in node) {
      room = Math.min(room, Math.floor(width / columns) - SMALL_AXIS_ROOM);
      node = { ...node, columns };
    }
    const found = {};
    for (const [key, value] of Object.entries(node)) {
      found[key] = key === "datasets" || key === "values" ? value : fitted(value, room);
    }
    if (found.width === "container") found.width = Math.max(80, room);
    return found;
  };
  return fitted(spec, width - wanted.room);
}

async function draw(place) {
  place.dataset.width = place.clientWidth;
  const config = configs[dark.matches ? "dark" : "light"];
  const given = withRows(specs[Number(place.dataset.chart)]);
  const alone = { autosize: { type: "fit-x", contains: "padding" }, ...given };
  const spec = given.width === "container" ? alone : fit(given, place.clientWidth);
  const labelLimit = Math.max(90, place.clientWidth - (given.usermeta?.room ?? AXIS_ROOM) - 24);
  const few = place.clientWidth < 500 ? { legend: { ...config.legend, columns: 1, labelLimit } } : {};
  const drawn = await window.vegaEmbed(place, { ...spec, config: { ...spec.config, ...config, ...few } }, { actions: false, renderer: "svg" });
  views[place.dataset.chart] = drawn.view;
  drawn.view.addEventListener("click", (event, item) => item && read(place, item.datum?.datum ?? item.datum));
  place.dataset.drawn = "yes";
}

// A point of a behavior leads to its rollouts: the live page draws some, a report holds some and names the command.
function read(place, point) {
  if (point?.behavior === undefined || point.step === undefined) return;
  const { live, read: command, known } = document.body.dataset;
  const of = point.run_id ?? point.run; // a curve of several runs is of none of them
  if (known && !known.split(" ").includes(point.behavior)) return;
  if (live !== undefined) {
    const asked = new URLSearchParams(location.search);
    asked.set("behavior", point.behavior);
    asked.set("step", point.step);
    if (of) asked.set("run", of);
    location.assign(`/reading?${asked}`);
    return;
  }
  const held = [...document.querySelectorAll("h3[data-step]")].find(
    (each) => each.dataset.behavior === point.behavior && Number(each.dataset.step) === point.step,
  );
  if (held) {
    held.scrollIntoView({ block: "start" });
    held.parentElement.querySelectorAll("h3.here").forEach((each) => each.classList.remove("here"));
    held.classList.add("here");
    return;
  }
  let said = place.nextElementSibling;
  if (!said.matches("p.read")) {
    said = place.insertAdjacentElement("afterend", document.createElement("p"));
    said.className = "more read";
  }
  const run = of ? ` --run ${quoted(of)}` : "";
  said.textContent = `${point.behavior} at step ${point.step}: ta read --behavior ${point.behavior} --step ${point.step}${run}${command ?? ""}`;
}

// A word as a shell takes it.
const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`);

// A chart is drawn when it comes near the window, so that a long report opens at once.
const near = new IntersectionObserver(
  (seen) => {
    for (const each of seen.filter((entry) => entry.isIntersecting)) {
      near.unobserve(each.target);
      draw(each.target);
    }
  },
  { rootMargin: "600px" },
);
const places = () => [...document.querySelectorAll(".chart")];
places().forEach((place) => near.observe(place));
const again = (which) => places().filter((place) => place.dataset.drawn && which(place)).forEach(draw);
dark.addEventListener("change", () => again(() => true));
window.addEventListener("beforeprint", () => places().forEach((place) => place.dataset.drawn || draw(place)));
let waiting;
window.addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => again((place) => Number(place.dataset.width) !== place.clientWidth), 150);
});

document.addEventListener("click", async (event) => {
  if (!event.target.matches("button.copy")) return;
  const pre = event.target.parentElement.querySelector("pre");
  try {
    await navigator.clipboard.writeText(pre.textContent);
  } catch {
    window.getSelection().selectAllChildren(pre);
    document.execCommand("copy");
  }
  event.target.textContent = "Copied";
});

// A live page follows its store: what is new is drawn in place, or offered while somebody is choosing something.
const SECONDS_BETWEEN = 3, TIMES_AS_LONG = 10;

function isBusy() {
  const form = document.querySelector("form.controls");
  if (form?.contains(document.activeElement) || !window.getSelection().isCollapsed) return true;
  return Object.values(views).some((view) => {
    const { data } = view.getState({ data: (name) => name?.endsWith("_store"), signals: () => false, recurse: true });
    return Object.values(data ?? {}).some((chosen) => chosen.length);
  });
}

// Names of what a reader can open or look at, the same before and after.
function named(document, selector) {
  const seen = {};
  return [...document.querySelectorAll(selector)].map((each) => {
    const of = each.closest("figure")?.querySelector("figcaption").textContent ?? each.closest("section")?.id;
    const own = each.querySelector("summary, figcaption")?.textContent ?? each.textContent.slice(0, 80);
    const name = `${each.tagName} ${of} ${own}`;
    seen[name] = (seen[name] ?? 0) + 1;
    return [`${name} ${seen[name]}`, each];
  });
}

async function refresh() {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const landmarks = "h1, h2, h3, figure, details.rollout";
  const [mark, at] = named(document, landmarks).find(([, each]) => each.getBoundingClientRect().bottom > 0) ?? [];
  const top = at?.getBoundingClientRect().top;
  const open = new Map(named(document, "details").map(([name, each]) => [name, each.open]));
  const heights = new Map(named(document, "figure").map(([name, each]) => [name, each.querySelector(".chart").clientHeight]));
  Object.values(views).forEach((view) => view.finalize());
  Object.keys(views).forEach((name) => delete views[name]);
  near.disconnect();
  ({ specs, rows, configs } = JSON.parse(fresh.getElementById("charts").textContent));
  for (const name of ["header", "main"]) {
    document.querySelector(name).replaceWith(document.adoptNode(fresh.querySelector(name)));
  }
  document.title = fresh.title;
  Object.assign(document.body.dataset, { state: fresh.body.dataset.state, known: fresh.body.dataset.known });
  named(document, "details").forEach(([name, each]) => open.has(name) && (each.open = open.get(name)));
  for (const [name, each] of named(document, "figure")) {
    if (heights.has(name)) each.querySelector(".chart").style.minHeight = `${heights.get(name)}px`;
  }
  const now = named(document, landmarks).find(([name]) => name === mark)?.[1];
  if (now) window.scrollBy({ top: now.getBoundingClientRect().top - top, behavior: "instant" });
  places().forEach((place) => near.observe(place));
}

function offer(words, act) {
  document.querySelector("p.offer")?.remove();
  if (!words) return;
  const said = document.body.appendChild(document.createElement("p"));
  said.className = "offer";
  said.setAttribute("role", "status");
  said.textContent = `${words} `;
  if (!act) return;
  const button = said.appendChild(document.createElement("button"));
  button.textContent = "Show it";
  button.addEventListener("click", act);
}

async function follow() {
  let took = 0;
  for (;;) {
    await new Promise((done) => setTimeout(done, Math.max(1000 * SECONDS_BETWEEN, TIMES_AS_LONG * took)));
    if (document.hidden) continue;
    let state;
    try {
      ({ state } = await (await fetch("/changed")).json());
    } catch {
      offer("ta serve has ended: this page no longer follows the store.");
      return;
    }
    if (state === document.body.dataset.state) continue;
    const show = async () => {
      const began = performance.now();
      offer();
      await refresh();
      took = performance.now() - began;
    };
    if (isBusy()) offer("There is new data in the store.", show);
    else await show();
  }
}
if (document.body.dataset.live !== undefined) follow();
