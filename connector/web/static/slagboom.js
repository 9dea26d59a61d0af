// For comfort only: times in the reader's zone, parts that renew themselves, copying.
"use strict";

const EVERY = 4000;
const holder = document.getElementById("parts");
const parts = () => document.querySelectorAll("[data-part]");
const raw = new Map();

// The page's language, as it is written where the reader lives.
const language = navigator.languages.find(
  (one) => one.split("-")[0] === document.documentElement.lang,
) ?? document.documentElement.lang;
const sameYear = new Intl.DateTimeFormat(language, {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});
const otherYear = new Intl.DateTimeFormat(language, {
  year: "numeric", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});

function localTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const isThisYear = at.getFullYear() === new Date().getFullYear();
    time.title = time.textContent;
    time.textContent = (isThisYear ? sameYear : otherYear).format(at);
  }
}

function copyButtons(root) {
  if (!navigator.clipboard) return;
  for (const command of root.querySelectorAll(".command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.id = "copy-command";
    button.textContent = holder.dataset.copy;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = holder.dataset.copied;
    });
    command.after(button);
  }
}

function dress(root) {
  localTimes(root);
  copyButtons(root);
}

function renew(part, fresh) {
  const html = fresh.outerHTML;
  if (raw.get(part.id) === html) return;
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const mark = focused && (focused.id ? `#${focused.id}` : focused.tagName.toLowerCase());
  for (const details of fresh.querySelectorAll("details[id]")) {
    const before = document.getElementById(details.id);
    if (before) details.open = before.open;
  }
  raw.set(part.id, html);
  if (part.id === "status") {
    // Replaced in place, so that a screen reader says the change.
    part.className = fresh.className;
    part.replaceChildren(...fresh.childNodes);
  } else {
    part.replaceWith(fresh);
  }
  dress(document.getElementById(part.id));
  if (mark) document.getElementById(part.id).querySelector(mark)?.focus({ preventScroll: true });
}

let isPaused = false;

async function look() {
  if (isPaused || document.hidden) return;
  const lost = document.getElementById("lost");
  try {
    const answer = await fetch(holder.dataset.live, { headers: { Accept: "text/html" } });
    if (answer.status === 401 || answer.status === 403) return location.reload();
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const fresh of page.querySelectorAll("[data-part]")) {
      const part = document.getElementById(fresh.id);
      if (part) renew(part, document.importNode(fresh, true));
    }
    lost.textContent = "";
  } catch {
    if (!lost.textContent) lost.textContent = holder.dataset.lost;
  }
}

function pauseButton() {
  const button = document.createElement("button");
  button.type = "button";
  const name = () => {
    button.textContent = isPaused ? holder.dataset.resume : holder.dataset.pause;
  };
  button.addEventListener("click", () => {
    isPaused = !isPaused;
    name();
    look();
  });
  name();
  document.getElementById("refresh").replaceWith(button);
}

for (const part of parts()) raw.set(part.id, part.outerHTML);
dress(document);
pauseButton();
setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);
