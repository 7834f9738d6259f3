//! What people call the kinds of places, where the map says it in the words of IMDF.

/// The beginning of an IMDF category, and the everyday words for it in English and Chinese.
const KINDS: &[(&str, &str)] = &[
    ("animalreliefarea", "pet relief, dog toilet, 宠物休息区, 宠物厕所"),
    ("atm", "cash machine, cash, cashpoint, 取款机, 自动取款机, 提款机"),
    ("babychanging", "baby room, diaper, nappy, 母婴室, 婴儿护理"),
    (
        "baggagecarousel",
        "belt, baggage belt, carousel, baggage claim, luggage, 行李转盘, 转盘, 行李提取, 提取行李",
    ),
    ("baggageclaim", "baggage hall, baggage claim, luggage, 行李提取, 行李大厅, 提取行李"),
    ("baggagestorage", "left luggage, locker, luggage storage, 行李寄存, 寄存"),
    ("bank", "bank, 银行"),
    ("boardinggate", "gate, boarding, boarding gate, 登机口, 登机"),
    ("bus", "bus, coach, bus stop, 公交, 巴士, 大巴, 机场大巴"),
    ("checkin", "check-in, checkin, counter, bag drop, 值机, 办理登机, 值机柜台, 柜台"),
    ("checkin.selfservice", "kiosk, self check-in, 自助值机"),
    ("coinlocker", "locker, lockers, 储物柜, 寄存柜"),
    ("currencyexchange", "exchange, money, bureau de change, 货币兑换, 外币兑换, 换钱"),
    ("customs", "customs, 海关"),
    ("defibrillator", "aed, 除颤器, 自动体外除颤器"),
    ("drinkingfountain", "water, drinking water, 饮水, 饮水机, 开水, 热水"),
    ("elevator", "lift, elevator, 电梯, 直梯, 升降梯, 垂直电梯"),
    ("escalator", "escalator, moving stairs, 扶梯, 自动扶梯, 手扶梯"),
    ("firstaid", "first aid, doctor, medical, clinic, 急救, 医疗, 医务室, 救护"),
    ("foodservice", "food, restaurant, eat, dining, meal, 餐饮, 餐厅, 吃饭, 美食, 饭店"),
    ("foodservice.coffee", "coffee, cafe, café, tea, 咖啡, 咖啡厅, 茶"),
    ("immigration", "border, passport, border control, immigration, 边检, 出入境, 护照, 移民"),
    ("information", "help, information, info, enquiry, service desk, 问讯, 咨询, 服务台, 问询处, 帮助"),
    ("lostandfound", "lost and found, lost property, 失物招领, 遗失"),
    ("lounge", "lounge, vip, 休息室, 贵宾室, 贵宾厅"),
    ("mothersroom", "nursing room, mother, breastfeeding, baby care, 母婴室, 哺乳室, 育婴室"),
    ("movingwalkway", "moving walkway, travelator, 自动步道, 平步电梯"),
    ("parking", "car park, parking, garage, 停车, 停车场, 车库"),
    ("pharmacy", "pharmacy, chemist, medicine, drugstore, 药店, 药房, 药"),
    ("shopping.pharmacy", "pharmacy, chemist, medicine, drugstore, 药店, 药房, 药"),
    ("phone", "telephone, 电话"),
    ("powerchargingstation", "charging, charge, charger, power, socket, 充电, 充电站, 充电宝"),
    ("prayerroom", "prayer, mosque, chapel, quiet room, 祈祷室, 礼拜室"),
    ("railway", "metro, subway, train, railway, station, 地铁, 轨道交通, 火车, 高铁, 车站"),
    ("rail", "metro, subway, train, 地铁, 轨道交通"),
    ("rentalcar", "car hire, car rental, rent a car, 租车"),
    (
        "restroom",
        "toilet, toilets, wc, washroom, bathroom, lavatory, restroom, loo, 洗手间, 卫生间, 厕所, 公厕",
    ),
    ("restroom.wheelchair", "accessible toilet, disabled toilet, 无障碍卫生间, 无障碍洗手间, 残疾人厕所"),
    ("rideshare", "ride hailing, taxi app, 网约车, 滴滴"),
    ("security", "security, security check, screening, 安检, 安全检查"),
    ("shopping", "shop, shops, shopping, store, 商店, 购物, 店铺"),
    ("shopping.books", "books, bookshop, newspaper, magazines, 书店, 书报, 图书"),
    ("shopping.convenience", "convenience store, 7-eleven, supermarket, 便利店, 超市"),
    ("shopping.dutyfree", "duty free, tax free, 免税店, 免税"),
    ("shower", "shower, showers, 淋浴, 洗澡"),
    ("smokingarea", "smoking, smoke, smoking room, cigarette, 吸烟室, 吸烟, 抽烟"),
    ("stairs", "stairs, staircase, 楼梯"),
    ("strollerrental", "stroller, buggy, pushchair, 婴儿车, 童车"),
    ("taxi", "taxi, cab, 出租车, 的士, 打车"),
    ("taxrefund", "tax refund, vat refund, 退税"),
    ("ticketing", "tickets, ticket office, 售票, 票务, 改签"),
    ("transfer", "transfer, connections, connecting flights, 中转, 转机"),
    ("wheelchairassist", "wheelchair, assistance, special assistance, 轮椅, 无障碍服务"),
];

/// Returns the words for a category: itself, its parts, and what people say.
pub(super) fn words(category: &str) -> Vec<&str> {
    let mut words = vec![category];
    words.extend(category.split('.').filter(|part| *part != category));
    for (_, said) in KINDS.iter().filter(|(kind, _)| is_of(category, kind)) {
        words.extend(said.split(", "));
    }
    words
}

/// Tells whether a category is of a kind: the same, or a part of it such as `restroom.wheelchair`.
pub(super) fn is_of(category: &str, kind: &str) -> bool {
    category.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_its_own_words_and_those_of_what_it_is_a_kind_of() {
        let coffee = words("foodservice.coffee");
        for word in ["coffee", "foodservice", "餐厅", "咖啡"] {
            assert!(coffee.contains(&word), "{word} in {coffee:?}");
        }
        assert_eq!(words("restrooms"), ["restrooms"], "a longer word is another kind");
    }
}
