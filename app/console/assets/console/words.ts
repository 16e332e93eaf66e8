// The few sentences that the page's scripts say themselves, in the language of the page.

const english = document.documentElement.lang === "en";

export const words = english
  ? {
      unreachable: "The service does not answer. Nothing was lost; please try again in a moment.",
      failed: (status: number) => `The service answered HTTP ${status}. Please try again.`,
      close: "Close",
      copied: "Copied",
      notCopied: "Could not copy; please select the text and copy it yourself.",
      justNow: "just now",
      minutes: (count: number) => (count === 1 ? "1 minute ago" : `${count} minutes ago`),
      yesterday: "yesterday",
      removePicture: (name: string) => `Remove ${name}`,
      uploading: "A picture is still on its way. Please wait a moment.",
      notBrought: "A picture was not taken. Remove it, then send again.",
      notTaken: "Only PNG, JPG and GIF pictures can be sent.",
    }
  : {
      unreachable: "服务没有响应，什么也没有改变，请稍后再试",
      failed: (status: number) => `服务回答了 HTTP ${status}，请再试一次`,
      close: "关闭",
      copied: "已复制",
      notCopied: "没能复制，请选中文字自己复制",
      justNow: "刚刚",
      minutes: (count: number) => `${count} 分钟前`,
      yesterday: "昨天",
      removePicture: (name: string) => `去掉 ${name}`,
      uploading: "图片还在上传，请稍等",
      notBrought: "有图片没有传上去，请去掉以后再发送",
      notTaken: "只能发 PNG、JPG、GIF 图片",
    };
