
// What the page does beyond being read: filter, keys, copy, links that unfold, light and dark. Nothing is written into
// the page but text, and nothing is needed: without this script all of it can be read.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement;
  for (const element of document.querySelectorAll(".script")) element.hidden = false;

  // Light and dark: the system's choice until somebody makes one. Storage may be closed to a file; then the choice lasts
  // as long as the page.
  const theme = $("theme");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { theme.firstChild.data = dark() ? "Light" : "Dark"; };
  const remember = (value) => { try { localStorage.setItem("tracer-theme", value); } catch { /* not kept */ } };
  const remembered = () => { try { return localStorage.getItem("tracer-theme"); } catch { return null; } };
  if (["light", "dark"].includes(remembered())) root.dataset.theme = remembered();
  theme.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    remember(root.dataset.theme);
    name();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  name();

  // Copy: the clipboard where the browser gives it, else the selection.
  const say = (text) => { $("said").textContent = text; };
  const copied = async (text, element) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* by selection, then */ }
    const fold = element.closest("details");
    if (fold) fold.open = true;
    const range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return document.execCommand("copy");
  };
  for (const button of document.querySelectorAll(".copy")) {
    const label = button.firstChild;
    button.addEventListener("click", async () => {
      const element = $(button.dataset.copy);
      const done = await copied(element.textContent, element);
      label.data = done ? "Copied" : "Press Ctrl+C";
      say(done ? "Copied to the clipboard" : "Selected: press Ctrl+C to copy");
      setTimeout(() => { label.data = "Copy"; }, 2000);
    });
  }

  // A link to a statement unfolds it, which browsers do by themselves, shows it where the filter hides it, and puts the
  // keyboard there.
  let clear = () => {};
  const follow = () => {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* as it is */ }
    const statement = $(id)?.closest("details.statement");
    if (!statement) return;
    if (statement.hidden) clear();
    statement.open = true;
    statement.firstElementChild.focus({ preventScroll: true });
    statement.scrollIntoView({ behavior: "instant" });
  };

  // The filter. The texts are read once; a keystroke compares strings and touches only what changes.
  const form = $("filter");
  if (form) {
    const [query, service, origin, found, nothing, unfold] = ["query", "service", "origin", "found", "nothing", "unfold"].map($);
    let index = null;
    const read = () => index ??= [...document.querySelectorAll("details.statement")].map((element) => ({
      element,
      document: element.closest(".document"),
      text: [...element.querySelectorAll(".grant li")].map((part) => `${part.textContent} ${spelled(part)}`).join(" ").toLowerCase(),
      services: element.dataset.services.split(" "),
      origin: element.dataset.origin,
      rows: [...element.getElementsByClassName("row")].map((row) => ({
        element: row,
        text: row.firstElementChild.textContent.toLowerCase(),
        service: row.dataset.service,
        origin: row.dataset.origin,
      })),
    }));
    // "s3 CreateBucket, PutObject" is also found as s3:CreateBucket.
    const spelled = (item) => {
      const prefix = item.querySelector("b");
      return prefix ? prefix.nextSibling.data.split(",").map((part) => `${prefix.textContent}:${part.trim()}`).join(" ") : "";
    };
    const show = (element, visible) => { if (element.hidden === visible) element.hidden = !visible; };
    const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

    const apply = () => {
      const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
      const has = (string) => words.every((word) => string.includes(word));
      const narrowed = words.length > 0 || service.value !== "" || origin.value !== "";
      const documents = new Map();
      let statements = 0, rows = 0, all = 0;
      for (const item of read()) {
        const mine = (!service.value || item.services.includes(service.value)) && (!origin.value || item.origin === origin.value);
        let hits = 0;
        const fits = item.rows.map((row) => {
          const fit = has(row.text) && (!service.value || row.service === service.value) && (!origin.value || row.origin === origin.value || item.origin === origin.value);
          hits += fit;
          return fit;
        });
        const visible = hits > 0 || (mine && has(item.text));
        item.rows.forEach((row, number) => show(row.element, hits === 0 || fits[number]));
        show(item.element, visible);
        documents.set(item.document, (documents.get(item.document) ?? false) || visible);
        statements += visible;
        rows += visible ? hits : 0;
        all += 1;
      }
      for (const [element, visible] of documents) show(element, visible);
      for (const policy of document.querySelectorAll(".policy")) show(policy, policy.querySelector(".document:not([hidden])") !== null);
      nothing.hidden = statements > 0;
      found.textContent = narrowed ? `${statements.toLocaleString("en")} of ${count(all, "statement")}, ${count(rows, "permission")} behind ${statements === 1 ? "it" : "them"}` : count(all, "statement");
    };
    clear = () => {
      query.value = service.value = origin.value = "";
      apply();
    };
    query.addEventListener("input", apply);
    service.addEventListener("change", apply);
    origin.addEventListener("change", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    $("clear").addEventListener("click", () => { clear(); query.focus(); });
    if (query.value || service.value || origin.value) apply();
    else (window.requestIdleCallback ?? setTimeout)(read);

    const visible = () => [...document.querySelectorAll("details.statement:not([hidden])")].filter((item) => !item.closest("[hidden]"));
    unfold.addEventListener("click", () => {
      const open = unfold.getAttribute("aria-expanded") === "false";
      for (const item of visible()) item.open = open;
      unfold.setAttribute("aria-expanded", String(open));
      unfold.textContent = open ? "Fold all" : "Unfold all";
    });

    // Keys: / to the filter, Esc out of it, arrows from statement to statement.
    const step = (from, by) => {
      const summaries = visible().map((item) => item.firstElementChild);
      const at = summaries.indexOf(from);
      const next = by === "first" ? 0 : by === "last" ? summaries.length - 1 : at + by;
      if (next < 0) query.focus();
      else summaries[Math.min(next, summaries.length - 1)]?.focus();
    };
    const moves = { ArrowDown: 1, ArrowUp: -1, Home: "first", End: "last" };
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const at = document.activeElement;
      const typing = at.matches("input, select, textarea");
      if (event.key === "/" && !typing) {
        query.focus();
        query.select();
      } else if (event.key === "Escape" && form.contains(at)) {
        if (query.value || service.value || origin.value) clear();
        else at.blur();
      } else if (at === query && event.key === "ArrowDown") {
        step(null, "first");
      } else if (at.matches("details.statement > summary") && event.key in moves) {
        step(at, moves[event.key]);
      } else {
        return;
      }
      event.preventDefault();
    });
  }

  // Paper cannot be unfolded: what is folded opens for printing and folds again after it.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details.statement:not([open])")];
    for (const item of folded) item.open = true;
  });
  addEventListener("afterprint", () => {
    for (const item of folded) item.open = false;
    folded = [];
  });

  addEventListener("hashchange", follow);
  addEventListener("load", follow);
})();
