// What the server cannot do for a page: the theme before the first paint, times that grow older by themselves, dialogs, one shortcut.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const paint = () => root.setAttribute("data-theme", chosen() ?? (dark.matches ? "dark" : "light"));
  paint();
  dark.addEventListener("change", paint);

  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
  const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
  const live = new Set();
  customElements.define("rel-time", class extends HTMLElement {
    static observedAttributes = ["datetime"];
    connectedCallback() { live.add(this); this.show(); }
    disconnectedCallback() { live.delete(this); }
    attributeChangedCallback() { this.show(); }
    show() {
      const at = new Date(this.getAttribute("datetime"));
      if (Number.isNaN(at.valueOf())) return;
      const age = (at - Date.now()) / 1000;
      const [unit, size] = units.find(([, seconds]) => Math.abs(age) >= seconds) ?? units[3];
      const words = Math.abs(age) < 3 ? "just now" : relative.format(Math.round(age / size), unit);
      if (this.textContent !== words) this.textContent = words;
      this.title = exact.format(at);
    }
  });
  const toTheMillisecond = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false });
  customElements.define("clock-time", class extends HTMLElement {
    static observedAttributes = ["datetime"];
    connectedCallback() { this.show(); }
    attributeChangedCallback() { this.show(); }
    show() {
      const at = new Date(this.getAttribute("datetime"));
      if (Number.isNaN(at.valueOf())) return;
      const words = toTheMillisecond.format(at);
      if (this.textContent !== words) this.textContent = words;
      this.title = exact.format(at);
    }
  });
  setInterval(() => live.forEach(time => time.show()), 1000);

  globalThis.quintet = {
    open: dialog => { if (dialog && !dialog.open) dialog.showModal(); },
    close: dialog => dialog?.close(),
  };

  document.addEventListener("click", event => {
    if (event.target.closest?.("[data-switch-theme]")) {
      const next = root.getAttribute("data-theme") === "dark" ? "light" : "dark";
      root.setAttribute("data-theme", next);
      try { localStorage.setItem("theme", next); } catch { /* a private window: for this page only */ }
    }
    if (event.target.closest?.("[data-reload]")) location.reload();
  });
  // Drawing over a scatter of traces narrows time and duration; where nothing was drawn, a click goes to its point.
  let drawing = null;
  const placeOf = (area, event) => {
    const box = area.getBoundingClientRect();
    const share = (at, from, size) => Math.min(1, Math.max(0, (at - from) / size));
    return { x: share(event.clientX, box.left, box.width), y: share(event.clientY, box.top, box.height) };
  };
  const boxOf = (a, b) => ({ left: Math.min(a.x, b.x), right: Math.max(a.x, b.x), top: Math.min(a.y, b.y), bottom: Math.max(a.y, b.y) });
  document.addEventListener("pointerdown", event => {
    const figure = event.target.closest?.("[data-scatter]");
    if (!figure || event.button !== 0 || event.pointerType === "touch") return;
    const area = figure.querySelector(".area");
    drawing = { figure, area, begin: placeOf(area, event), isDrawn: false };
  });
  document.addEventListener("dragstart", event => { if (event.target.closest?.("[data-scatter]")) event.preventDefault(); });
  document.addEventListener("pointermove", event => {
    if (!drawing) return;
    const box = boxOf(drawing.begin, placeOf(drawing.area, event));
    drawing.isDrawn ||= box.right - box.left > 0.01 || box.bottom - box.top > 0.05;
    if (!drawing.isDrawn) return;
    event.preventDefault();
    const width = Number(drawing.area.getAttribute("width")), height = Number(drawing.area.getAttribute("height"));
    const place = { x: box.left * width, y: box.top * height, width: (box.right - box.left) * width, height: (box.bottom - box.top) * height };
    for (const [name, value] of Object.entries(place)) drawing.figure.querySelector(".drawn").setAttribute(name, value);
  });
  document.addEventListener("pointercancel", () => {
    drawing?.figure.querySelector(".drawn").setAttribute("width", 0);
    drawing = null;
  });
  document.addEventListener("pointerup", event => {
    const drawn = drawing;
    drawing = null;
    if (!drawn?.isDrawn) return;
    const box = boxOf(drawn.begin, placeOf(drawn.area, event));
    const { scatter, from, to, low, high } = drawn.figure.dataset;
    const timeAt = share => new Date(Number(from) + share * (to - from)).toISOString();
    const durationAt = share => (10 ** (Number(high) - share * (high - low))).toFixed(3);
    const link = new URL(scatter, location.href);
    link.searchParams.set("from", timeAt(box.left));
    link.searchParams.set("to", timeAt(box.right));
    link.searchParams.set("min", durationAt(box.bottom));
    link.searchParams.set("max", durationAt(box.top));
    drawn.figure.querySelector(".drawn").setAttribute("width", 0);
    // The click that ends the drawing is none; if there is none, because the pointer left the window, the next one is somebody's.
    const swallow = click => { click.preventDefault(); click.stopPropagation(); };
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => { removeEventListener("click", swallow, true); Blazor.navigateTo(link.pathname + link.search); }, 0);
  });
  document.addEventListener("keydown", event => {
    const isWriting = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !isWriting && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      document.getElementById("search")?.focus();
    }
  });
})();
