// The sentences that the desk's scripts say themselves, in the language of the page.

const english = document.documentElement.lang === "en";

export const words = english
  ? {
      unreachable: "The service does not answer. Nothing was sent; your words are still here.",
      pill: (count: number) => (count === 1 ? "1 new message ↓" : `${count} new messages ↓`),
      fold: "Show less",
      unfold: "Show all",
      waitsNow: "waiting",
      waits: (hours: number, minutes: number) => (hours > 0 ? `waiting ${hours} h ${minutes} min` : `waiting ${minutes} min`),
      draftKept: "Draft saved",
      draftLost: "The draft is not saved yet; trying again",
      labels: { reply: "Reply to the viewer", note: "Internal note" },
      send: { reply: "Send", note: "Save note" },
      barred: {
        bot: "The bot is answering. Press T to take over; an internal note can be written now.",
        queue: "The viewer is waiting in the queue. Press T to take over.",
        closed: "This conversation is resolved. Reopen it to write again.",
        colleague: "A colleague has this conversation. You will be asked before your words leave.",
        reader: "You can read here, and write internal notes.",
      } as Record<string, string>,
      pieces: (count: number) => `Too long for one message: it will be sent as ${count}`,
      left: (count: number) => `about ${count} more characters`,
      notifyMine: "A viewer has written to you",
      notifyQueue: "A viewer is waiting in the queue",
      takeFirst: "Take over the conversation first; then the answer can be put into the reply box.",
      copied: "Copied",
    }
  : {
      unreachable: "服务没有响应，什么也没有发出去，您写的内容还在",
      pill: (count: number) => `${count} 条新消息 ↓`,
      fold: "收起",
      unfold: "展开全文",
      waitsNow: "刚开始等",
      waits: (hours: number, minutes: number) => (hours > 0 ? `等了 ${hours} 小时 ${minutes} 分` : `等了 ${minutes} 分钟`),
      draftKept: "草稿已保存",
      draftLost: "草稿还没有保存，正在重试",
      labels: { reply: "回复观众", note: "内部备注" },
      send: { reply: "发送", note: "保存备注" },
      barred: {
        bot: "机器人正在接待。按 T 接管以后可以回复；现在可以写内部备注",
        queue: "观众在排队等人。按 T 接管以后可以回复",
        closed: "会话已经解决。重新打开以后可以回复",
        colleague: "同事正在接待。发送之前会先问您要不要插话",
        reader: "您可以看，也可以写内部备注",
      } as Record<string, string>,
      pieces: (count: number) => `一条放不下，会分成 ${count} 条发`,
      left: (count: number) => `还可以写约 ${count} 字`,
      notifyMine: "有观众给您发来新消息",
      notifyQueue: "有观众在排队等人",
      takeFirst: "请先接管会话，再把回答放进回复框",
      copied: "已复制",
    };
