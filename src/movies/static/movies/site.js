// HTMX does the work; this says so when a request of its fails, keeps films from standing on the shelf twice and answers
// from undoing newer choices, and closes menus that were left.
const requestError = document.getElementById("request-error");

const say = (text) => {
  requestError.textContent = text;
  requestError.hidden = text === "";
};

document.addEventListener("htmx:sendError", () => say("The site does not answer. Your last change is not saved; try again."));
document.addEventListener("htmx:responseError", () => say("That did not work and nothing was saved. Reload the page and try again."));
document.addEventListener("htmx:beforeRequest", () => say(""));

// Suggestions are ranked anew after each rating, so the next films may contain some that are there already.
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt.matches(".card") && document.getElementById(elt.id) !== elt) elt.remove();
});

// Who chooses other stars before the answer comes is about to send them, too; showing the answer would undo that.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { elt: form, parameters } = detail.requestConfig;
  if (form.matches("form.rating") && new FormData(form).get("value") !== parameters.value) detail.shouldSwap = false;
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
