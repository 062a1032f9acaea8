"use strict";
const AXIS_ROOM = 64, SMALL_AXIS_ROOM = 62;
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const { specs, configs } = JSON.parse(document.getElementById("charts").textContent);
const views = (window.views = {});

// Widths of small multiples and of charts in a row cannot be "container" in Vega-Lite: they are numbers, made here.
// The same is in theme.py, for images.
function fit(spec, width) {
  const wanted = { smallest: width, room: AXIS_ROOM, ...spec.usermeta };
  const columns = Math.max(1, Math.floor(width / wanted.smallest));
  const fitted = (node, room) => {
    if (Array.isArray(node)) return node.map((each) => fitted(each, room));
    if (node === null || typeof node !== "object") return node;
    if ("facet" in node && "spec" in node) {
      room = Math.floor(width / columns) - SMALL_AXIS_ROOM;
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
  const given = specs[Number(place.dataset.chart)];
  const alone = { autosize: { type: "fit-x", contains: "padding" }, ...given };
  const spec = given.width === "container" ? alone : fit(given, place.clientWidth);
  const labelLimit = Math.max(90, place.clientWidth - (given.usermeta?.room ?? AXIS_ROOM) - 74);
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
  if (known && !known.split(" ").includes(point.behavior)) return;
  if (live !== undefined) {
    const asked = new URLSearchParams(location.search);
    asked.set("behavior", point.behavior);
    asked.set("step", point.step);
    if (point.run_id ?? point.run) asked.set("run", point.run_id ?? point.run);
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
  const run = point.run ? ` --run ${point.run}` : "";
  said.textContent = `${point.behavior} at step ${point.step}: ta read --behavior ${point.behavior} --step ${point.step}${run}${command ?? ""}`;
}

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
const places = [...document.querySelectorAll(".chart")];
places.forEach((place) => near.observe(place));
const again = (which) => places.filter((place) => place.dataset.drawn && which(place)).forEach(draw);
dark.addEventListener("change", () => again(() => true));
window.addEventListener("beforeprint", () => places.forEach((place) => place.dataset.drawn || draw(place)));
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
