/** The admin page works without a script; this keeps a slow form from being sent twice. */

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    // Not before the browser has taken the values: a disabled button is not sent.
    setTimeout(() => {
      for (const button of form.querySelectorAll("button")) button.disabled = true;
      if (event.submitter) event.submitter.textContent = "正在处理……";
    });
  });
}
// Back from the next page the buttons work again.
addEventListener("pageshow", (event) => event.persisted && location.reload());
