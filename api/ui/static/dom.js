// @ts-check
// What do the other modules need of the page? Small questions and answers, nothing about alerts.

/** @param {string} id @returns {HTMLElement | null} */
export const byId = (id) => document.getElementById(id);

/** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement[]} */
export const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

/** Is the person typing into something? @param {EventTarget | null} target */
export function isTyping(target) {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
}

/** Fetch a page of this site as a document; an answer that is no page becomes the words of its problem.
 * Rejects when no answer comes. @param {string} url @param {RequestInit} [options] */
export async function fetchPage(url, options = {}) {
  const answer = await fetch(url, { ...options, headers: { accept: "text/html", ...(options.headers ?? {}) } });
  const text = await answer.text();
  const isPage = (answer.headers.get("content-type") ?? "").startsWith("text/html");
  const page = new DOMParser().parseFromString(isPage ? text : "", "text/html");
  const problem = page.getElementById("main") ? "" : isPage ? wordsOf(page) : problemOf(text, answer.status);
  return { page, url: answer.url, ok: answer.ok, status: answer.status, problem };
}

/** What does a page that only tells a problem say? @param {Document} page */
function wordsOf(page) {
  return all("h1, p:not(.code, :has(a))", page).map((line) => line.textContent?.trim()).join(". ");
}

/** What does an RFC 9457 problem say? @param {string} text @param {number} status */
function problemOf(text, status) {
  try {
    const problem = JSON.parse(text);
    return [problem.detail || problem.title, problem.fix].filter(Boolean).join(". ");
  } catch {
    return `the server answered ${status}`;
  }
}

/** Tell the person something that went wrong: in the open dialog, else where acts are reported.
 * @param {string} text @param {boolean} [signIn] */
export function say(text, signIn = false) {
  const line = document.createElement("div");
  line.className = "said bad";
  line.setAttribute("role", "alert");
  const words = document.createElement("span");
  words.textContent = text;
  line.append(words, " ", signIn ? link("Sign in", "/sign-in") : link("Dismiss", location.href, "dismiss"));
  const sheet = document.querySelector("dialog[open] [data-sheet]");
  if (!sheet) return byId("said")?.replaceChildren(line);
  sheet.querySelector(".said")?.remove();
  sheet.prepend(line);
}

/** @param {string} text @param {string} url @param {string} [data] */
function link(text, url, data) {
  const made = document.createElement("a");
  Object.assign(made, { textContent: text, href: url, className: "link" });
  if (data) made.dataset[data] = "";
  return made;
}

/** Change the page, and put the focus back on what says the same as what had it. @param {() => void} change */
export function keepingFocus(change) {
  const selector = addressOf(document.activeElement);
  change();
  if (!selector || document.activeElement !== document.body) return;
  /** @type {HTMLElement | null} */ (document.querySelector(selector))?.focus({ preventScroll: true });
}

/** Return a selector that finds an element again when it has been replaced. @param {Element | null} element */
function addressOf(element) {
  if (!element || element === document.body) return "";
  if (element.id) return `#${CSS.escape(element.id)}`;
  const row = /** @type {HTMLElement | null} */ (element.closest("tr[data-id]"));
  if (row) return `tr[data-id="${CSS.escape(row.dataset.id ?? "")}"] ${element.matches("input") ? "input" : ".c-title a"}`;
  const href = element.getAttribute("href");
  if (href) return `main a[href="${CSS.escape(href)}"]`;
  const value = element.getAttribute("value");
  return value ? `main button[value="${CSS.escape(value)}"]` : "";
}

/** Put main, header counts and what was said of another page into this one.
 * @param {Document} page @param {string[]} [ids] */
export function takeOver(page, ids = ["main", "said", "muted"]) {
  keepingFocus(() => {
    for (const id of ids) {
      const old = byId(id);
      const next = page.getElementById(id);
      if (old && next) old.replaceWith(document.importNode(next, true));
    }
  });
  document.title = page.title;
  document.dispatchEvent(new CustomEvent("page"));
}
