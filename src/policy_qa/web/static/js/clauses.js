/** 「查条款」 works without a script; this adds the clipboard. */

import { copied } from "./parts.js";

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const said = button.parentElement.querySelector("[role=status]");
    said.textContent = (await copied(button.dataset.copy)) ? "已复制" : "复制不了，请选中文字后手动复制";
    setTimeout(() => (said.textContent = ""), 3000);
  });
}
