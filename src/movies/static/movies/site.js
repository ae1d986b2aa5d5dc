// HTMX does the work; this says so when a request of its fails, keeps films from standing on the shelf twice, and
// closes menus that were left.
const trouble = document.getElementById("trouble");

const say = (text) => {
  trouble.textContent = text;
  trouble.hidden = text === "";
};

document.addEventListener("htmx:sendError", () => say("The site does not answer. Your last change is not saved; try again."));
document.addEventListener("htmx:responseError", () => say("That did not work and nothing was saved. Reload the page and try again."));
document.addEventListener("htmx:beforeRequest", () => say(""));

// Suggestions are ranked anew after each rating, so the next films may contain some that are there already.
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt.matches(".card") && document.getElementById(elt.id) !== elt) elt.remove();
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
