// Swaps a drawn chart for its Plotly figure when somebody wants it. Nothing is fetched before that, and only scripts
// are: a page that is opened from disk may not fetch anything else.
"use strict";
(() => {
  const figures = new Map();
  const loading = new Map();
  window.beaconmart = { figure: (id, figure) => figures.set(id, figure) };

  // The light palette in which figures are written, by the name of the variable that a page has for it.
  const palette = {
    "#0b62b0": "--c1", "#b04a00": "--c2", "#0a7d5e": "--c3", "#8a3f86": "--c4", "#5c6b7a": "--c5",
    "#00857a": "--good", "#e3a008": "--middling", "#a61b3c": "--bad", "#aeb8c4": "--unknown",
    "#16202c": "--ink", "#4a5767": "--ink-2", "#d9dee5": "--line", "#ffffff": "--card",
  };

  function load(src) {
    if (!loading.has(src)) {
      loading.set(src, new Promise((done, failed) => {
        const script = document.createElement("script");
        script.src = src;
        script.onload = done;
        script.onerror = () => { loading.delete(src); failed(new Error(src)); };
        document.head.append(script);
      }));
    }
    return loading.get(src);
  }

  function coloured(value, style) {
    if (Array.isArray(value)) return value.map((part) => coloured(part, style));
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, coloured(part, style)]));
    const name = typeof value === "string" && palette[value.slice(0, 7)];
    return name && (value.length === 7 || value.length === 9) ? style.getPropertyValue(name).trim() + value.slice(7) : value;
  }

  function draw(figure) {
    const { data, layout } = coloured(figures.get(figure.dataset.figure), getComputedStyle(document.documentElement));
    const live = figure.querySelector(".live");
    layout.height = Number(live.dataset.height);
    layout.autosize = true;
    return window.Plotly.newPlot(live, data, layout, {
      responsive: true, displaylogo: false, modeBarButtons: [["zoom2d", "pan2d", "resetScale2d"]],
    });
  }

  async function explore(figure) {
    if (figure.dataset.state) return;
    figure.dataset.state = "loading";
    const canvas = figure.querySelector(".canvas");
    const button = figure.querySelector(".explore");
    try {
      await Promise.all([load("assets/plotly.min.js"), load(`assets/figures/${figure.dataset.figure}.js`)]);
      const live = document.createElement("div");
      live.className = "live";
      // The same height, so that nothing moves under the pointer.
      live.dataset.height = Math.max(canvas.offsetHeight, 200);
      canvas.after(live);
      canvas.hidden = true;
      canvas.style.display = "none";
      await draw(figure);
      figure.dataset.state = "live";
      button.setAttribute("aria-pressed", "true");
    } catch (problem) {
      canvas.style.display = "";
      figure.querySelector(".live")?.remove();
      delete figure.dataset.state;
      if (!figure.querySelector(".failed")) {
        const note = document.createElement("p");
        note.className = "note failed";
        note.setAttribute("role", "status");
        note.textContent = `The interactive chart could not be loaded (${problem.message}). The CSV has its numbers.`;
        canvas.after(note);
      }
    }
  }

  function still(figure) {
    const live = figure.querySelector(".live");
    window.Plotly.purge(live);
    live.remove();
    const canvas = figure.querySelector(".canvas");
    canvas.hidden = false;
    canvas.style.display = "";
    delete figure.dataset.state;
    figure.querySelector(".explore").setAttribute("aria-pressed", "false");
  }

  for (const figure of document.querySelectorAll("[data-figure]")) {
    const button = figure.querySelector(".explore");
    button.hidden = false;
    button.addEventListener("click", () => (figure.dataset.state === "live" ? still(figure) : explore(figure)));
    const canvas = figure.querySelector(".canvas");
    let dwell;
    // A pointer that only passes by should not fetch megabytes.
    // What can be pointed at as it stands, and says itself, need not be fetched either.
    if (!("told" in figure.dataset)) canvas.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") dwell = setTimeout(explore, 300, figure); });
    canvas.addEventListener("pointerleave", () => clearTimeout(dwell));
    canvas.addEventListener("click", () => explore(figure));
  }
  // Rows are sorted by what a cell says, or by the number behind it; a second click turns the order round.
  function sorted(button) {
    const head = button.closest("th");
    const table = head.closest("table");
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const seen = rows.filter((row) => !row.hidden).length;
    const turn = head.getAttribute("aria-sort") === "descending" ? 1 : -1;
    const key = (row) => row.cells[head.cellIndex].dataset.sort ?? row.cells[head.cellIndex].textContent.trim();
    const known = (text) => text !== "" && text !== "–";
    rows.sort((one, other) => {
      const [a, b] = [key(one), key(other)];
      if (known(a) !== known(b)) return known(a) ? -1 : 1;
      const difference = a - b;
      return turn * (Number.isNaN(difference) ? a.localeCompare(b) : difference);
    });
    for (const other of table.tHead.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", turn < 0 ? "descending" : "ascending");
    rows.forEach((row, i) => { row.hidden = i >= seen; });
    body.append(...rows);
  }

  document.documentElement.classList.add("js");
  for (const more of document.querySelectorAll("button.more")) more.hidden = false;
  document.querySelector("main").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.classList.contains("sort")) sorted(button);
    if (!button?.classList.contains("more")) return;
    for (const row of button.closest(".table-card").querySelectorAll("tr[hidden]")) row.hidden = false;
    button.previousElementSibling.remove();
    button.remove();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    document.querySelectorAll("[data-state=live]").forEach(draw);
  });
  const menu = document.querySelector(".menu");
  menu.hidden = false;
  menu.addEventListener("click", () => {
    menu.setAttribute("aria-expanded", String(menu.parentElement.classList.toggle("all")));
  });
  const here = document.querySelector("nav [aria-current]");
  const strip = here?.closest("ul");
  if (strip) strip.scrollLeft = here.offsetLeft - 16;
})();
