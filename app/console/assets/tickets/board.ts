// The board: a card that is dragged into a column is moved by the button that its menu has for that.
let dragged: HTMLElement | null = null;

document.addEventListener("dragstart", (event) => {
  dragged = (event.target as Element).closest<HTMLElement>(".card[data-ticket]");
  dragged?.classList.add("dragged");
  if (event.dataTransfer && dragged) {
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset["ticket"]!);
  }
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  dragged = null;
  document.querySelectorAll(".board-column.over").forEach((column) => column.classList.remove("over"));
});

document.addEventListener("dragover", (event) => {
  const column = (event.target as Element).closest<HTMLElement>(".board-column");
  document.querySelectorAll(".board-column.over").forEach((each) => each.classList.toggle("over", each === column));
  if (column && moveTo(column)) {
    event.preventDefault();
    column.classList.add("over");
  }
});

document.addEventListener("drop", (event) => {
  const column = (event.target as Element).closest<HTMLElement>(".board-column");
  const move = column && moveTo(column);
  if (move) {
    event.preventDefault();
    move.click();
  }
});

function moveTo(column: HTMLElement): HTMLElement | null {
  return dragged?.querySelector<HTMLElement>(`[data-to="${column.dataset["status"]}"]`) ?? null;
}
