// The page's own words, in each language. What the airport says comes from the server in the language asked
// for; only what stands around it is here.

const EN = {
  title: "Airport guide",
  venue: "Airport or terminal",
  otherLanguage: "中文",
  flight: "Your flight",
  notices: "Notices",
  bags: "Your bags",
  bag: "Bag",
  way: "Your way",
  gate: "Gate",
  belt: "Belt",
  unknown: "soon",
  departs: "Departs",
  arrives: "Arrives",
  noFlight: "You follow no flight yet.",
  noBags: "You follow no bag yet.",
  noNotices: "All quiet. News about your flight and bags appears here by itself.",
  olderNotices: "Earlier",
  expected: "Next",
  by: (time) => `by ${time}`,
  times: (zone) => `Times are the airport’s (${zone}).`,
  line: { open: "Live", connecting: "Connecting", waiting: "Reconnecting", none: "Public" },
  phase: {
    SCHEDULED: "Scheduled",
    BOARDING: "Boarding",
    FINAL_CALL: "Final call",
    DEPARTED: "Departed",
    LANDED: "Landed",
    CANCELLED: "Cancelled",
  },
  delayed: "Delayed",
  from: "From",
  to: "To",
  swap: "Swap start and goal",
  search: "Gate, shop, toilet, flight …",
  nothingFound: "Nothing found",
  myGate: (gate) => `My gate, ${gate}`,
  myBelt: (belt) => `My belt, ${belt}`,
  profile: "How you move",
  profiles: {
    PROFILE_WALK: "On foot",
    PROFILE_WHEELCHAIR: "Wheelchair",
    PROFILE_TROLLEY_OR_STROLLER: "Trolley or pushchair",
    PROFILE_AVOID_STAIRS: "No stairs",
    PROFILE_AVOID_ESCALATORS: "No escalators",
  },
  minutes: (count) => `${count} min`,
  metres: (count) => `${count} m`,
  steps: "Step by step",
  tellMe: "Tell me when to leave",
  told: "You will be told when to leave, and when this way takes longer or is closed.",
  tellNoMore: "No more",
  wayChanged: "Your way has changed.",
  wayIsClosed: "Your way is closed.",
  level: "Level",
  map: (level) => `Map of level ${level}. Arrow keys move it, plus and minus zoom.`,
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  whole: "Show the whole level",
  goHere: "Go here",
  startHere: "Start here",
  close: "Close",
  busy: "Reading the map …",
  signInTitle: "Map and ways are open to everybody.",
  signIn: "Your flight, bags and notices need your pass: an address that ends in #token=…",
  refusedTitle: "Your pass was not accepted.",
  endedTitle: "The line was ended.",
  expiring: (minutes) => `Your pass ends in ${minutes} min. Open this page with a new one in time.`,
  getPass: "On a development server, get one with",
  tooManySessions: "This passenger has too many open pages. Close one, then try again.",
  unreachable: "The airport does not answer. Trying again …",
  again: "Try again",
};

const ZH = {
  title: "机场指南",
  venue: "机场或航站楼",
  otherLanguage: "English",
  flight: "我的航班",
  notices: "通知",
  bags: "我的行李",
  bag: "行李",
  way: "路线",
  gate: "登机口",
  belt: "转盘",
  unknown: "待定",
  departs: "起飞",
  arrives: "到达",
  noFlight: "尚未关注航班。",
  noBags: "尚未关注行李。",
  noNotices: "暂无通知。航班和行李的新消息会自动显示在这里。",
  olderNotices: "更早",
  expected: "下一步",
  by: (time) => `${time} 前`,
  times: (zone) => `时间均为机场当地时间（${zone}）。`,
  line: { open: "实时", connecting: "连接中", waiting: "重新连接", none: "公共" },
  phase: {
    SCHEDULED: "计划",
    BOARDING: "正在登机",
    FINAL_CALL: "最后召集",
    DEPARTED: "已起飞",
    LANDED: "已到达",
    CANCELLED: "已取消",
  },
  delayed: "延误",
  from: "起点",
  to: "终点",
  swap: "交换起点和终点",
  search: "登机口、商店、卫生间、航班……",
  nothingFound: "没有找到",
  myGate: (gate) => `我的登机口 ${gate}`,
  myBelt: (belt) => `我的转盘 ${belt}`,
  profile: "出行方式",
  profiles: {
    PROFILE_WALK: "步行",
    PROFILE_WHEELCHAIR: "轮椅",
    PROFILE_TROLLEY_OR_STROLLER: "手推车或婴儿车",
    PROFILE_AVOID_STAIRS: "不走楼梯",
    PROFILE_AVOID_ESCALATORS: "不乘扶梯",
  },
  minutes: (count) => `${count} 分钟`,
  metres: (count) => `${count} 米`,
  steps: "分步指引",
  tellMe: "提醒我何时出发",
  told: "将会提醒您何时出发；路线变慢或封闭时也会提醒。",
  tellNoMore: "不再提醒",
  wayChanged: "您的路线有变化。",
  wayIsClosed: "您的路线已封闭。",
  level: "楼层",
  map: (level) => `${level} 层地图。方向键移动，加减键缩放。`,
  zoomIn: "放大",
  zoomOut: "缩小",
  whole: "显示整层",
  goHere: "去这里",
  startHere: "从这里出发",
  close: "关闭",
  busy: "正在读取地图……",
  signInTitle: "地图和路线对所有人开放。",
  signIn: "查看航班、行李和通知需要通行令牌：以 #token=… 结尾的网址。",
  refusedTitle: "通行令牌无效。",
  endedTitle: "连接已结束。",
  expiring: (minutes) => `通行令牌将在 ${minutes} 分钟后失效，请及时用新令牌打开本页。`,
  getPass: "在开发服务器上可用以下命令获取",
  tooManySessions: "该旅客打开的页面太多，请关闭一个后重试。",
  unreachable: "机场暂时没有应答，正在重试……",
  again: "重试",
};

const KEPT = "airside.locale";
export const LOCALES = ["en", "zh-CN"];

/** Returns the words of a language. */
export function words(locale) {
  return locale === "zh-CN" ? ZH : EN;
}

/** Returns the language that was chosen, else the first that the browser asks for and we speak. */
export function chosenLocale() {
  const kept = localStorage.getItem(KEPT);
  if (LOCALES.includes(kept)) return kept;
  const asked = navigator.languages.find((language) => /^(zh|en)\b/i.test(language)) ?? "en";
  return /^zh/i.test(asked) ? "zh-CN" : "en";
}

/** Keeps the choice of a language. */
export function chooseLocale(locale) {
  localStorage.setItem(KEPT, locale);
}

/** Returns a name of the map in a language; maps say `zh-Hans` and `en`. */
export function named(names, locale) {
  if (!names) return "";
  const first = locale === "zh-CN" ? ["zh-Hans", "zh-CN", "zh"] : ["en"];
  return first.map((tag) => names[tag]).find(Boolean) ?? Object.values(names)[0] ?? "";
}

/** Returns the language of a request for ways and places. */
export function language(locale) {
  return locale === "zh-CN" ? "LANGUAGE_ZH_CN" : "LANGUAGE_EN";
}
