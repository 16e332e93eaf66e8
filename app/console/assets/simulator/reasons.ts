// What a failed request says to the person who made it.

export const UNREACHABLE = "服务没有响应：请看它是否还在运行，然后再试一次";

export function reason(xhr: XMLHttpRequest): string {
  try {
    const { error } = JSON.parse(xhr.responseText) as { error?: string };
    return error ?? `服务回答了 HTTP ${xhr.status}`;
  } catch {
    return `服务回答了 HTTP ${xhr.status}`;
  }
}
