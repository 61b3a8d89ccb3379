// Keys, and where the focus goes. Everything works without this file, by mouse or by Tab and Enter.
"use strict";

const cards = () => [...document.querySelectorAll("article.card")];
const focused = () => document.activeElement?.closest?.("article.card");

function go(card, step) {
  const all = cards();
  const next = card ? all[all.indexOf(card) + step] : all[0];
  if (next) {
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  } else if (card && step > 0) {
    document.querySelector("#more a")?.focus();
  }
}

function press(card, selector) {
  const button = card.querySelector(selector);
  if (button) {
    button.click();
    go(card, 1);
  }
}

const keys = {
  s: (card) => go(card, 1),
  ArrowRight: (card) => go(card, 1),
  ArrowLeft: (card) => go(card, -1),
  a: (card) => press(card, "[data-said]"),
  x: (card) => card.querySelector("input[type=checkbox]")?.click(),
  u: () => document.querySelector("#undo button")?.click(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const card = focused();
  if (!card && event.key !== "s") return;
  if (/^[0-9]$/.test(event.key)) press(card, `[data-key="${event.key}"]`);
  else if (Object.hasOwn(keys, event.key)) keys[event.key](card);
  else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.id !== "check-all") return;
  for (const box of document.querySelectorAll("article.card input[type=checkbox]")) box.checked = true;
});

// A card that is replaced while the focus is in it keeps the focus.
let kept = null;
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  kept = event.detail.target.contains(document.activeElement) ? event.detail.target.id : null;
});
document.addEventListener("htmx:oobAfterSwap", () => {
  if (kept) document.getElementById(kept)?.focus();
  kept = null;
});

// htmx says nothing of a failed request.
const say = (text) => { document.getElementById("notice").textContent = text; };
document.addEventListener("htmx:responseError", (event) => say(`Not done: the server answered ${event.detail.xhr.status}.`));
document.addEventListener("htmx:sendError", () => say("Not done: the server can't be reached."));

// The original takes the place of what the model received. Without this file, it opens in a tab of its own.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a.original");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const image = link.parentElement.querySelector("img");
  image.alt = image.alt.replace("What the model received", "The original");
  image.classList.remove("small");
  image.src = link.href;
  link.remove();
});

// In place of an image that can't be shown, what the server says about it.
async function explain(image) {
  const reason = document.createElement("p");
  reason.className = "nothing";
  const answer = await fetch(image.src).catch(() => null);
  reason.textContent = answer && !answer.ok ? await answer.text() : "The image can't be shown.";
  image.parentElement.querySelector("a.original")?.remove();
  image.replaceWith(reason);
}
document.addEventListener("error", (event) => {
  if (event.target.matches?.(".picture img")) explain(event.target);
}, true);
for (const image of document.querySelectorAll(".picture img")) {
  if (image.complete && !image.naturalWidth) explain(image);
}
