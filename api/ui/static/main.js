// @ts-check
// Where does it begin? Without this script every page works; with it, pages act in place and stay live.
import { byId, all } from "./dom.js";
import { listenToKeys } from "./keys.js";
import { goLive } from "./live.js";
import { armList, armForms, following } from "./list.js";

/** Make what needs a script visible, after each change of the page. */
function arm() {
  armList();
  for (const button of all("[data-copy]")) {
    button.hidden = false;
    button.onclick = () => copy(byId(button.dataset.copy ?? "")?.textContent ?? "", button);
  }
  const link = byId("copy");
  if (link) {
    link.hidden = false;
    link.onclick = () => copy(location.origin + location.pathname, link);
  }
}

/** @param {string} text @param {HTMLElement} button */
async function copy(text, button) {
  await navigator.clipboard.writeText(text);
  const before = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = before), 1500);
}

/** Ages go on while the page is open. */
function growOlder() {
  for (const time of all("time[data-age]")) {
    const seconds = (Date.now() - Date.parse(time.getAttribute("datetime") ?? "")) / 1000;
    const text = age(Math.max(0, Math.floor(seconds)));
    if (time.textContent !== text) time.textContent = text;
  }
}

/** The same words as the server's. @param {number} seconds */
function age(seconds) {
  for (const [size, unit, smaller, name] of /** @type {[number, string, number, string][]} */ ([
    [86400, "d", 3600, "h"], [3600, "h", 60, "m"], [60, "m", 0, ""],
  ])) {
    if (seconds < size) continue;
    const count = Math.floor(seconds / size);
    const rest = Math.floor((seconds % size) / (smaller || size));
    return smaller && count < 3 && rest ? `${count}${unit} ${rest}${name}` : `${count}${unit}`;
  }
  return `${seconds}s`;
}

document.addEventListener("page", arm);
arm();
armForms();
listenToKeys();
goLive();
following();
setInterval(growOlder, 10_000);
