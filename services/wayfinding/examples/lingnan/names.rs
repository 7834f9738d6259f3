//! Invented brands: a word of the south and a trade, each pair once.

/// Words that a shop may be called by; none is a brand that is known to us.
const WORDS: [[&str; 2]; 50] = [
    ["Kapok", "木棉"],
    ["Lychee", "荔枝"],
    ["Banyan Shade", "榕荫"],
    ["Egret", "白鹭"],
    ["Camellia", "山茶"],
    ["Osmanthus", "桂香"],
    ["Lotus Wind", "荷风"],
    ["Bamboo Lane", "竹里"],
    ["Pine Gate", "松门"],
    ["Willow Bank", "柳岸"],
    ["Jade Peak", "玉峰"],
    ["Cloud Ridge", "云岭"],
    ["Red Cliff", "丹崖"],
    ["Clear Creek", "清溪"],
    ["Long Bridge", "长桥"],
    ["West Lane", "西巷"],
    ["South Gate", "南门"],
    ["River Bend", "江湾"],
    ["Morning Bell", "晨钟"],
    ["Lantern", "灯影"],
    ["Paper Kite", "纸鸢"],
    ["Silk Thread", "丝语"],
    ["Blue Ferry", "蓝渡"],
    ["White Sail", "白帆"],
    ["Old Harbour", "旧港"],
    ["Evening Tide", "晚潮"],
    ["Coral Bay", "珊瑚湾"],
    ["Pearl Shell", "珠贝"],
    ["Starfruit", "杨桃"],
    ["Longan", "龙眼"],
    ["Mango Grove", "芒果林"],
    ["Papaya", "木瓜园"],
    ["Ginger Flower", "姜花"],
    ["Sesame", "芝麻巷"],
    ["Millet", "小米屋"],
    ["Plum Rain", "梅雨"],
    ["First Snow", "初雪"],
    ["Autumn Moon", "秋月"],
    ["Spring Bud", "春芽"],
    ["Green Hill", "青山"],
    ["Three Wells", "三井泉"],
    ["Seven Stars", "七星"],
    ["Twin Pagoda", "双塔"],
    ["Stone Drum", "石鼓"],
    ["Iron Crane", "铁鹤"],
    ["Swallow", "燕归"],
    ["Magpie", "喜鹊"],
    ["Koi Pond", "锦鲤"],
    ["Orange Grove", "橘园"],
    ["Drum Tower", "鼓楼"],
];

/// What a shop sells: its IMDF category and the two ends of its name.
type Trade = [&'static str; 3];

const SHOPS: [Trade; 14] = [
    ["shopping.books", "Books", "书店"],
    ["shopping.gifts", "Gifts", "礼品"],
    ["shopping.fashion", "Fashion", "服饰"],
    ["shopping.electronics", "Electronics", "数码"],
    ["shopping.cosmetics", "Cosmetics", "美妆"],
    ["shopping.tea", "Tea Leaves", "茶叶"],
    ["shopping.toys", "Toys", "玩具"],
    ["shopping.leather", "Leather", "皮具"],
    ["shopping.jewellery", "Jewellery", "珠宝"],
    ["shopping.convenience", "Convenience", "便利店"],
    ["shopping.crafts", "Crafts", "手工艺"],
    ["shopping.watches", "Watches", "钟表"],
    ["shopping.sweets", "Sweets", "糖果"],
    ["shopping.pharmacy", "Pharmacy", "药房"],
];

const KITCHENS: [Trade; 10] = [
    ["foodservice.coffee", "Coffee", "咖啡"],
    ["foodservice.noodles", "Noodles", "面馆"],
    ["foodservice.tea", "Tea House", "茶楼"],
    ["foodservice.dimsum", "Dim Sum", "点心"],
    ["foodservice.bakery", "Bakery", "烘焙"],
    ["foodservice.congee", "Congee", "粥铺"],
    ["foodservice.roast", "Roast", "烧味"],
    ["foodservice.juice", "Juice", "果汁"],
    ["foodservice.bar", "Wine Bar", "酒吧"],
    ["foodservice.hotpot", "Hot Pot", "火锅"],
];

const COUNTERS: [Trade; 8] = [
    ["service.bank", "Bank", "银行"],
    ["service.exchange", "Currency Exchange", "外币兑换"],
    ["service.carrental", "Car Hire", "租车"],
    ["service.hotels", "Hotel Desk", "酒店预订"],
    ["service.telecom", "Mobile Cards", "通信"],
    ["service.travel", "Travel Agency", "旅行社"],
    ["service.courier", "Courier", "快递"],
    ["service.insurance", "Travel Insurance", "旅行保险"],
];

/// What kind of trade is wanted.
#[derive(Clone, Copy)]
pub(crate) enum Taste {
    Shop,
    Kitchen,
    Counter,
}

/// A brand: category, English name, Chinese name, opening hours.
pub(crate) struct Brand {
    pub(crate) category: &'static str,
    pub(crate) en: String,
    pub(crate) zh: String,
    pub(crate) hours: &'static str,
}

/// Gives every shop a name that no other has.
pub(crate) struct Brands {
    given: [usize; 3],
}

impl Brands {
    pub(crate) fn new() -> Self {
        Self { given: [0; 3] }
    }

    /// Returns the next brand of a trade.
    pub(crate) fn next(&mut self, taste: Taste) -> Brand {
        let (trades, slot): (&[Trade], usize) = match taste {
            Taste::Shop => (&SHOPS, 0),
            Taste::Kitchen => (&KITCHENS, 1),
            Taste::Counter => (&COUNTERS, 2),
        };
        let n = self.given[slot];
        self.given[slot] += 1;
        // Every pass through the words begins one trade further on, so no pair comes twice.
        let [category, en, zh] = trades[(n + n / WORDS.len()) % trades.len()];
        let [word, zi] = WORDS[(n * 7 + slot * 19) % WORDS.len()];
        let hours = match (slot, n % 5) {
            (1, 0) | (0, 4) => "24/7",
            (1, _) => "Mo-Su 06:00-23:00",
            (2, _) => "Mo-Su 08:00-20:00",
            (_, 1) => "Mo-Su 07:00-21:30",
            _ => "Mo-Su 06:30-22:30",
        };
        Brand { category, en: format!("{word} {en}"), zh: format!("{zi}{zh}"), hours }
    }
}
