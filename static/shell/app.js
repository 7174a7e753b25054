// What htmx needs beside its attributes: a word when the server cannot be reached.
"use strict";
(() => {
  // The words stand in the page, in its language; the bar is empty, and so not there, while all is well. As long as
  // it shows, the server is asked whether it is back, since not every page asks by itself.
  const connection = () => document.getElementById("connection");
  let asking = 0;
  const found = () => {
    if (!asking) return;
    window.clearInterval(asking);
    asking = 0;
    connection().textContent = "";
    document.getElementById("announcements").textContent = connection().dataset.found;
  };
  const ask = async () => {
    try {
      if ((await fetch("/healthz", { cache: "no-store" })).ok) found();
    } catch { /* it is asked again */ }
  };
  const lost = () => {
    if (asking) return;
    connection().textContent = connection().dataset.lost;
    asking = window.setInterval(ask, 3000);
  };
  document.addEventListener("htmx:sendError", lost);
  document.addEventListener("htmx:timeout", lost);
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status >= 500) lost();
    // What is watched is gone, or may not be seen any more: the page itself says which.
    else if ((status === 403 || status === 404) && event.detail.elt.matches('[hx-trigger^="every"]')) location.reload();
  });
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) found(); });

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
    // What takes longer than a moment is seen to be at work, until the next page is there or nobody should wait more.
    button.setAttribute("aria-busy", "true");
    window.setTimeout(() => button.removeAttribute("aria-busy"), 30000);
  });
  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    for (const button of event.detail.elt.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
  });
})();
