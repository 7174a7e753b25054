// What htmx needs beside its attributes: a word when the server cannot be reached.
"use strict";
(() => {
  const connection = () => document.getElementById("connection");
  const lost = () => { connection().hidden = false; };
  document.addEventListener("htmx:sendError", lost);
  document.addEventListener("htmx:timeout", lost);
  document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status >= 500) lost(); });
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) connection().hidden = true; });

  // Copying needs the browser's help, so its buttons show only where there is some.
  const offerCopies = () => {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  };
  document.addEventListener("DOMContentLoaded", offerCopies);
  document.addEventListener("htmx:afterSettle", offerCopies);
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const status = document.getElementById("announcements");
    status.textContent = `${button.dataset.copy} ✓`;
    button.classList.replace("btn-outline-secondary", "btn-success");
  });

  // One click is one request: the second one of a double click finds the button resting. Nothing rests for ever, so
  // that the page is whole when it comes back out of the browser's history.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button) return;
    if (button.dataset.resting) { event.preventDefault(); return; }
    button.dataset.resting = "1";
    window.setTimeout(() => { delete button.dataset.resting; }, 3000);
  });
})();
