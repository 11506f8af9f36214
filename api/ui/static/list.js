// @ts-check
// How are incidents chosen and acted on in place? The forms are the server's; this only spares the reload.
import { all, byId, fetchPage, say, takeOver } from "./dom.js";

export const NOT_THROUGH = "It did not get through; nothing was changed.";

let last = -1; // row of the last selection, for ranges

/** @returns {HTMLInputElement[]} */
export const boxes = () => /** @type {HTMLInputElement[]} */ (all('#rows input[name="id"]'));

/** @returns {HTMLInputElement[]} */
export const chosen = () => boxes().filter((box) => box.checked);

/** Show how many are selected. */
export function count() {
  const text = byId("selected");
  if (!text) return;
  const everything = /** @type {HTMLInputElement | null} */ (byId("all"));
  const number = everything?.checked ? "all matching" : String(chosen().length);
  text.textContent = number !== "0" ? `${number} selected` : boxes().length ? "Select incidents to act on" : "Nothing to act on";
  for (const control of text.closest(".bulk")?.querySelectorAll("button, #assignee") ?? []) {
    /** @type {HTMLButtonElement} */ (control).disabled = number === "0";
  }
  const page = /** @type {HTMLInputElement | null} */ (byId("page"));
  if (page) page.checked = boxes().length > 0 && boxes().every((box) => box.checked);
}

/** Select or not, and everything between the last one and this with ``range``.
 * @param {number} index @param {boolean} range */
export function toggle(index, range) {
  const rows = boxes();
  const box = rows[index];
  if (!box) return;
  box.checked = !box.checked;
  if (range && last >= 0) {
    for (let at = Math.min(last, index); at <= Math.max(last, index); at++) rows[at].checked = box.checked;
  }
  last = index;
  count();
}

/** Select the whole page, or nothing. @param {boolean} on */
export function selectPage(on) {
  for (const box of boxes()) box.checked = on;
  count();
}

/** Make the list's own controls work, after each change of the page. */
export function armList() {
  const page = /** @type {HTMLInputElement | null} */ (byId("page"));
  if (!page) return;
  page.hidden = false;
  page.onchange = () => selectPage(page.checked);
  for (const [index, box] of boxes().entries()) {
    box.onclick = (event) => {
      if (!event.shiftKey) last = index;
      else if (last >= 0) {
        for (let at = Math.min(last, index); at <= Math.max(last, index); at++) boxes()[at].checked = box.checked;
      }
      count();
    };
  }
  byId("all")?.addEventListener("change", count);
  count();
}

/** Send a form and show the page that it leads to, in place; what was selected stays so.
 * @param {HTMLFormElement} form @param {HTMLElement | null} [submitter] @param {string} [id] act on this one alone */
export async function send(form, submitter = null, id = "") {
  const data = new FormData(form);
  if (submitter instanceof HTMLButtonElement && submitter.name) data.set(submitter.name, submitter.value);
  if (id) data.set("id", id);
  const body = new URLSearchParams(/** @type {[string, string][]} */ (Array.from(data.entries())));
  const kept = new Set(chosen().map((box) => box.value));
  const answer = await fetchPage(form.action, { method: "POST", body }).catch(() => null);
  if (!answer) return say(NOT_THROUGH);
  const { page, problem, status } = answer;
  if (problem) return say(problem, status === 401);
  const dialog = /** @type {HTMLDialogElement | null} */ (form.closest("dialog"));
  const sheet = page.querySelector("[data-sheet]");
  if (sheet) return openSheet(sheet);
  dialog?.close();
  takeOver(page);
  for (const box of boxes()) box.checked = kept.has(box.value);
  count();
  await following();
}

/** An act that was still on the way is asked after, until it is known what became of it. */
export async function following() {
  const waiting = /** @type {HTMLElement | null} */ (document.querySelector("#said [data-waiting]"));
  if (!waiting) return;
  await new Promise((ready) => setTimeout(ready, 2_000));
  if (!waiting.isConnected) return;
  const answer = await fetchPage(waiting.dataset.waiting ?? location.href).catch(() => null);
  if (answer && !answer.problem && waiting.isConnected) takeOver(answer.page);
  await following();
}

/** Show a form page as a dialog. @param {Element} sheet */
function openSheet(sheet) {
  let dialog = /** @type {HTMLDialogElement | null} */ (document.querySelector("dialog"));
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.addEventListener("close", () => dialog?.remove());
    document.body.append(dialog);
  }
  dialog.setAttribute("aria-label", sheet.querySelector("h1")?.textContent ?? "");
  dialog.replaceChildren(document.importNode(sheet, true));
  armSheet(dialog);
  if (!dialog.open) dialog.showModal();
}

/** @param {HTMLDialogElement} dialog */
function armSheet(dialog) {
  dialog.querySelector("[data-close]")?.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  const form = /** @type {HTMLFormElement | null} */ (dialog.querySelector("[data-preview]"));
  form?.addEventListener("change", (event) => {
    if (event.target instanceof Element && event.target.closest(".matchers")) preview(form);
  });
  const keys = /** @type {HTMLInputElement | null} */ (dialog.querySelector("#keys-on"));
  if (keys) {
    keys.checked = localStorage.getItem("keys") !== "off";
    keys.onchange = () => localStorage.setItem("keys", keys.checked ? "on" : "off");
  }
}

/** Show what the matchers on the form would hide, as they are typed. @param {HTMLFormElement} form */
async function preview(form) {
  const data = new FormData(form);
  data.set("do", "preview");
  const body = new URLSearchParams(/** @type {[string, string][]} */ (Array.from(data.entries())));
  const answer = await fetchPage(form.action, { method: "POST", body }).catch(() => null);
  if (!answer) return say(NOT_THROUGH);
  const next = answer.page.getElementById("preview");
  const old = form.querySelector("#preview");
  if (next && old) old.replaceWith(document.importNode(next, true));
}

/** @param {string} url */
export async function openDialog(url) {
  const answer = await fetchPage(url).catch(() => null);
  if (!answer) return say(NOT_THROUGH);
  const sheet = answer.page.querySelector("[data-sheet]");
  if (sheet) openSheet(sheet);
  else if (answer.problem && !answer.ok) say(answer.problem, answer.status === 401);
  else location.assign(answer.url);
}

/** Let forms act in place and marked links open as dialogs. */
export function armForms() {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const inPlace = ["/act", "/end", "/label", "/mute"].some((end) => new URL(form.action).pathname.endsWith(end));
    if (form.method !== "post" || !inPlace) return;
    event.preventDefault();
    send(form, event.submitter);
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.dataset.dialog !== undefined) {
      event.preventDefault();
      openDialog(link.href);
    } else if (link.dataset.dismiss !== undefined) {
      event.preventDefault();
      link.closest(".said")?.remove();
    }
  });
}
