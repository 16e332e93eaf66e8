// A list of tickets on paper: the browser prints it.
document.querySelector("#print")!.addEventListener("click", () => window.print());

export {};
