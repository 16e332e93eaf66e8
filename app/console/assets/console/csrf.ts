// Each request of htmx carries the token that the page was shown with.
const token = document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content;

document.body.addEventListener("htmx:configRequest", (event) => {
  if (token) {
    (event as CustomEvent<{ headers: Record<string, string> }>).detail.headers["X-CSRF"] = token;
  }
});

export {};
