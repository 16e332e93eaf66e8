// <div data-tags="skills">: what is typed becomes a tag with Enter, a comma, or by leaving the field; Backspace in the
// empty field takes the last one back. Each is a hidden field of that name.

document.addEventListener("keydown", (event) => {
  const field = event.target as HTMLInputElement;
  const tags = fieldOf(field);
  if (!tags || event.isComposing) {
    return;
  }
  if (event.key === "Enter" || event.key === "," || event.key === "，" || event.key === "、") {
    if (field.value.trim() || event.key !== "Enter") {
      event.preventDefault();
    }
    add(tags, field);
  } else if (event.key === "Backspace" && field.value === "") {
    [...tags.querySelectorAll(".tag")].at(-1)?.remove();
  }
});

document.addEventListener("focusout", ({ target }) => {
  const tags = fieldOf(target as Element);
  if (tags) {
    add(tags, target as HTMLInputElement);
  }
});

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  if (target.closest("[data-untag]")) {
    const field = target.closest("[data-tags]")!.querySelector<HTMLInputElement>("input:not([type=hidden])");
    target.closest(".tag")!.remove();
    field?.focus();
  } else if (target.matches("[data-tags]")) {
    target.querySelector<HTMLInputElement>("input:not([type=hidden])")?.focus();
  }
});

document.addEventListener("reset", ({ target }) => {
  for (const tag of (target as Element).querySelectorAll("[data-tags] .tag[data-new]")) {
    tag.remove();
  }
});

function fieldOf(target: Element): HTMLElement | null {
  return target.matches("[data-tags] > input:not([type=hidden])") ? target.closest<HTMLElement>("[data-tags]") : null;
}

function add(tags: HTMLElement, field: HTMLInputElement): void {
  for (const text of field.value.split(/[,，、\n]/)) {
    addOne(tags, field, text.trim());
  }
  field.value = "";
}

function addOne(tags: HTMLElement, field: HTMLInputElement, text: string): void {
  const known = [...tags.querySelectorAll<HTMLInputElement>("input[type=hidden]")].map(({ value }) => value);
  if (!text || known.includes(text)) {
    return;
  }
  const kept = Object.assign(document.createElement("input"), { type: "hidden", name: tags.dataset["tags"], value: text });
  const remove = Object.assign(document.createElement("button"), { type: "button" });
  remove.dataset["untag"] = "";
  remove.ariaLabel = `${tags.dataset["removes"]} ${text}`;
  remove.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#icon-cross"/></svg>';
  const tag = document.createElement("span");
  tag.className = "tag";
  tag.dataset["new"] = "";
  tag.append(kept, text, remove);
  field.before(tag);
}

export {};
