// <button data-copies="#id"> copies what a field or an element holds; <button data-prints> prints the page.
import { toast } from "./toasts";
import { words } from "./words";

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const copies = target.closest<HTMLElement>("[data-copies]")?.dataset["copies"];
  if (copies) {
    void copy(document.querySelector<HTMLElement>(copies)!);
  } else if (target.closest("[data-prints]")) {
    window.print();
  }
});

async function copy(source: HTMLElement): Promise<void> {
  const text = source instanceof HTMLInputElement ? source.value : source.innerText;
  try {
    await navigator.clipboard.writeText(text); // not there without HTTPS
    toast(words.copied);
  } catch {
    select(source);
    toast(document.execCommand("copy") ? words.copied : words.notCopied);
  }
}

function select(source: HTMLElement): void {
  if (source instanceof HTMLInputElement) {
    source.select();
  } else {
    getSelection()?.selectAllChildren(source);
  }
}
