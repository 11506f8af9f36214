// @ts-check
// How does an open page stay true? Lines change in place; what is new waits until it is asked for.
import { all, byId, fetchPage, keepingFocus, takeOver } from "./dom.js";
import { boxes, chosen, count } from "./list.js";

/** @typedef {{id: string, number: number, html: string}} Row */
/** @typedef {{position: string, muting: number, hidden: number, rows: Row[], reload: boolean}} Update */
/** @typedef {{behind: number, as_of: string}} State seconds the engine is behind, and the time its data is of */

const WAITS = [0.5, 1, 2, 5, 10]; // seconds before the next try
const LATE = 5; // seconds behind from which the page says so
const SILENT = 15; // seconds without a message after which nothing here is to be trusted
let tries = 0;
let paused = false;
/** @type {Update[]} */
let held = [];
/** @type {Set<number>} */
const fresh = new Set(); // numbers of incidents that belong on this list and are not shown
let lastAt = Date.now(); // of the last message
let connected = false;
/** @type {WebSocket | null} */
let socket = null;
/** @type {State} */
let engine = { behind: 0, as_of: "" };
let since = ""; // position up to which all changes are known here

/** Open the socket, and open it again whenever it is lost. */
export function goLive() {
  const button = byId("pause");
  if (button) {
    button.hidden = false;
    button.onclick = pause;
  }
  since = document.body.dataset.position ?? "";
  connect();
  setInterval(showState, 1_000);
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/ws?since=${since}`);
  socket.onopen = () => ([tries, lastAt] = [0, Date.now()]);
  socket.onmessage = (event) => hear(JSON.parse(event.data));
  socket.onclose = () => {
    connected = false;
    setTimeout(connect, WAITS[Math.min(tries++, WAITS.length - 1)] * 1000);
    showState();
  };
}

/** @param {Update | {state: State}} message */
function hear(message) {
  [connected, lastAt] = [true, Date.now()]; // not before: only then is every change told
  if ("state" in message && message.state) engine = message.state;
  showState();
  if ("rows" in message) {
    since = message.position;
    receive(message);
  }
}

/** What is wrong with what this page shows? Empty: nothing. */
function trouble() {
  const silence = (Date.now() - lastAt) / 1000;
  if (silence > SILENT && socket?.readyState === WebSocket.OPEN) socket.close(); // half open, as after a sleep: begin anew
  if (silence > SILENT || (!connected && tries > 0)) return "not connected";
  if (engine.behind <= LATE) return "";
  return `${Math.round(engine.behind)} s behind, data as of ${engine.as_of.slice(11, 16)} UTC`;
}

function showState() {
  const live = byId("live");
  const wrong = trouble();
  document.documentElement.toggleAttribute("data-stale", wrong !== "");
  if (!live || (!connected && !wrong)) return;
  live.classList.toggle("on", connected && !wrong && !paused);
  live.classList.toggle("stale", wrong !== "");
  const text = wrong || (paused ? "paused" : "live");
  if (live.textContent !== text) live.textContent = text;
}

/** Stop or go on; what came meanwhile is applied then. */
export function pause() {
  paused = !paused;
  byId("pause")?.setAttribute("aria-pressed", String(paused));
  const button = byId("pause");
  if (button) button.textContent = paused ? "Go on" : "Pause";
  if (!paused) for (const update of held.splice(0)) receive(update);
  showState();
}

/** @param {Update} update */
function receive(update) {
  if (paused) {
    held = [...held.slice(-50), update];
    return;
  }
  const muted = byId("muted");
  if (muted) {
    const text = `${update.muting} ${update.muting === 1 ? "mute" : "mutes"} · ${update.hidden.toLocaleString("en")} hidden`;
    if (muted.textContent !== text) muted.textContent = text;
  }
  if (document.querySelector("[data-wall]")) apply();
  else if (byId("list")) onList(update);
  else onIncident(update);
}

/** @param {Update} update */
async function onList(update) {
  if (update.reload) return offer("much has changed");
  const rows = new Map(all("#rows tbody tr").map((row) => [row.dataset.id, row]));
  for (const row of update.rows) {
    const line = rows.get(row.id);
    if (line) replaceCells(line, row.html);
  }
  const unknown = update.rows.filter((row) => !rows.has(row.id)).map((row) => row.number);
  if (!unknown.length) return;
  const query = new URLSearchParams(location.search);
  query.set("number", unknown.join(","));
  const answer = await fetch(`/matching?${query}`).catch(() => null);
  if (!answer?.ok) return;
  for (const number of await answer.json()) fresh.add(number);
  if (fresh.size) offer(`${fresh.size} new`);
}

/** The box stays, so that a selection does. @param {HTMLElement} line @param {string} html */
function replaceCells(line, html) {
  const cells = document.createElement("template");
  cells.innerHTML = html; // made and escaped by our own template
  const box = line.firstElementChild;
  keepingFocus(() => line.replaceChildren(...(box ? [box] : []), cells.content));
}

/** @param {Update} update */
async function onIncident(update) {
  const here = /** @type {HTMLElement | null} */ (document.querySelector("[data-incident]"));
  if (!here || !(update.reload || update.rows.some((row) => row.id === here.dataset.incident))) return;
  const facts = (await fetchPage(location.href).catch(() => null))?.page.querySelector('[data-live="facts"]');
  if (facts) document.querySelector('[data-live="facts"]')?.replaceWith(document.importNode(facts, true));
  offer("updated");
}

/** @param {string} text */
function offer(text) {
  const button = byId("apply");
  if (!button) return;
  button.textContent = `${text} (press .)`;
  button.hidden = false;
  button.onclick = apply;
}

/** Show what is new; what was selected stays so. */
export async function apply() {
  const kept = new Set(chosen().map((box) => box.value));
  const typed = /** @type {HTMLTextAreaElement | null} */ (byId("text"))?.value ?? "";
  const answer = await fetchPage(location.href).catch(() => null);
  if (!answer?.ok || answer.problem) return;
  fresh.clear();
  takeOver(answer.page, ["main", "muted"]); // what an act was answered is not news's to wipe away
  for (const box of boxes()) box.checked = kept.has(box.value);
  const comment = /** @type {HTMLTextAreaElement | null} */ (byId("text"));
  if (comment) comment.value = typed;
  count();
}
