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
  document.addEventListener("keydown", event => {
    const isWriting = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !isWriting && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      document.getElementById("search")?.focus();
    }
  });
})();
