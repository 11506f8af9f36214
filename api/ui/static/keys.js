// @ts-check
// What does the keyboard do? Every key presses something that is on the page.
import { all, byId, isTyping } from "./dom.js";
import { apply, pause } from "./live.js";
import { chosen, openDialog, selectPage, send, toggle } from "./list.js";

const GO = { i: "/", l: "/alerts", p: "/patterns", r: "/rules", s: "/services", n: "/integrations" };
const VERDICTS = { g: "known_good", b: "known_bad", u: "unknown" };
let prefix = ""; // "g", "l" or "*": the next key belongs to it
let at = -1; // the row that j and k have come to
let atId = ""; // its incident, found again after the rows have changed

/** @returns {HTMLElement[]} */
const rows = () => all("#rows tbody tr");

/** @param {number} step */
function move(step) {
  const lines = rows();
  if (!lines.length) return;
  for (const line of lines) line.classList.remove("at");
  at = Math.max(0, Math.min(lines.length - 1, at + step));
  lines[at].classList.add("at");
  atId = lines[at].dataset.id ?? "";
  lines[at].scrollIntoView({ block: "nearest" });
  /** @type {HTMLElement | null} */ (lines[at].querySelector(".c-title a"))?.focus({ preventScroll: true });
}

/** Mark the same incident again; where it has left the list nothing is marked, so that no key acts on another. */
function findAgain() {
  const lines = rows();
  const now = atId ? lines.findIndex((line) => line.dataset.id === atId) : -1;
  if (now >= 0) lines[now].classList.add("at");
  else if (atId) [at, atId] = [Math.min(at, lines.length) - 1, ""];
  if (now >= 0) at = now;
}

/** Act on the selected incidents, else on the one at hand. @param {string} act */
function press(act) {
  const list = byId("list"); // compared as an element: its own id may be hidden behind a field of that name
  const form = /** @type {HTMLFormElement | null} */ (list ?? byId("acts"));
  const button = /** @type {HTMLButtonElement | null} */ (form?.querySelector(`button[value="${act}"]`));
  if (!form || !button) return;
  if (form === list && !chosen().length) {
    if (atId) send(form, button, atId);
    return;
  }
  form.requestSubmit(button);
}

/** @param {string} selector */
const click = (selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector))?.click();

/** @type {Record<string, () => void>} */
const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  o: () => click("#rows tr.at .c-title a"),
  u: () => back(),
  Escape: () => back(),
  x: () => toggle(Math.max(at, 0), false),
  X: () => toggle(Math.max(at, 0), true),
  a: () => press("acknowledge"),
  r: () => press("resolve"),
  m: () => mute(),
  c: () => byId("text")?.focus(),
  e: () => click("#why"),
  t: () => byId("timeline")?.scrollIntoView({ block: "start" }),
  v: () => nextView(),
  "/": () => byId("q")?.focus(),
  "[": () => click('a[rel="prev"]'),
  "]": () => click('a[rel="next"]'),
  ".": () => apply(),
  p: () => pause(),
  y: () => click("#copy"),
  d: () => all("#theme button").find((button) => button.offsetParent)?.click(),
  z: () => click("#undo button"),
  "?": () => openDialog("/keys"),
};

/** Back to the list as it was. */
function back() {
  const up = /** @type {HTMLAnchorElement | null} */ (byId("up"));
  if (!up) return;
  const cameFromHere = document.referrer.startsWith(location.origin) && new URL(document.referrer).pathname === "/";
  if (cameFromHere && new URL(up.href).pathname === "/") history.back();
  else up.click();
}

function mute() {
  if (byId("mute")) return click("#mute");
  const id = chosen()[0]?.value ?? atId;
  if (id) openDialog(`/mute?incident=${id}&back=${here()}`);
}

const here = () => encodeURIComponent(location.pathname + location.search);

/** Offer a verdict for the shape of the alert, or of most alerts of the incident, at hand. @param {string} verdict */
function label(verdict) {
  const page = /** @type {HTMLElement | null} */ (document.querySelector("[data-incident], [data-alert]"));
  const incident = page?.dataset.incident ?? (page ? "" : chosen()[0]?.value ?? atId);
  const of = incident ? `incident=${incident}` : page ? `alert=${encodeURIComponent(page.dataset.alert ?? "")}` : "";
  if (of) openDialog(`/label?${of}&verdict=${verdict}&back=${here()}`);
}

function nextView() {
  const tabs = all(".tabs nav a");
  const now = tabs.findIndex((tab) => tab.hasAttribute("aria-current"));
  tabs[(now + 1) % tabs.length]?.click();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") /** @type {HTMLElement} */ (event.target).blur();
    return;
  }
  if (localStorage.getItem("keys") === "off" && event.key !== "?") return;
  const before = prefix;
  prefix = "";
  if (before === "g") {
    const url = GO[/** @type {keyof typeof GO} */ (event.key)];
    if (url) location.assign(url);
  } else if (before === "*" && event.key === "a") {
    selectPage(true);
  } else if (before === "l") {
    const verdict = VERDICTS[/** @type {keyof typeof VERDICTS} */ (event.key)];
    if (verdict) label(verdict);
  } else if (["g", "l", "*"].includes(event.key)) {
    prefix = event.key;
  } else if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
}

export function listenToKeys() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("page", findAgain);
}
