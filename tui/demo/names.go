package demo

// word is a name in its native spelling and in ASCII, for email addresses.
type word struct{ native, ascii string }

// culture is a pool of common names; they do not refer to anyone in particular.
type culture struct {
	given, family []word
	familyFirst   bool
	joiner        string // between given and family name
}

func latin(names ...string) []word {
	words := make([]word, 0, len(names)/2)
	for i := 0; i+1 < len(names); i += 2 {
		words = append(words, word{native: names[i], ascii: names[i+1]})
	}
	return words
}

// cultures returns the pools: many scripts and diacritics, apostrophes, hyphens and both
// name orders, so that whatever breaks on names breaks in the demo and not later.
func cultures() []culture {
	return []culture{
		{ // English and Irish
			given:  latin("Grace", "grace", "Oliver", "oliver", "Amelia", "amelia", "Jack", "jack", "Aoife", "aoife", "Siobhán", "siobhan", "Seán", "sean", "Mary-Jane", "maryjane"),
			family: latin("O'Brien", "obrien", "Smith", "smith", "Taylor-Jones", "taylorjones", "Walker", "walker", "McCarthy", "mccarthy", "Ó Súilleabháin", "osuilleabhain", "Hughes", "hughes"),
			joiner: " ",
		},
		{ // Spanish and Portuguese
			given:  latin("José", "jose", "Lucía", "lucia", "Íñigo", "inigo", "Begoña", "begona", "João", "joao", "Conceição", "conceicao", "Martín", "martin", "Ángela", "angela"),
			family: latin("García Márquez", "garciamarquez", "Núñez", "nunez", "Muñoz", "munoz", "Gonçalves", "goncalves", "Simões", "simoes", "de la Cruz", "delacruz", "Ibáñez", "ibanez"),
			joiner: " ",
		},
		{ // German and Nordic
			given:  latin("Jürgen", "juergen", "Käthe", "kaethe", "Søren", "soren", "Åsa", "asa", "Björk", "bjork", "Þórdís", "thordis", "Mikko", "mikko", "Anneliese", "anneliese"),
			family: latin("Weiß", "weiss", "Müller", "mueller", "Ångström", "angstrom", "Kjærgaard", "kjaergaard", "Guðmundsdóttir", "gudmundsdottir", "Häkkinen", "hakkinen", "von Bülow", "vonbuelow"),
			joiner: " ",
		},
		{ // Polish, Czech, Croatian
			given:  latin("Łukasz", "lukasz", "Małgorzata", "malgorzata", "Jiří", "jiri", "Božena", "bozena", "Željko", "zeljko", "Zdeněk", "zdenek", "Agnieszka", "agnieszka"),
			family: latin("Wójcik", "wojcik", "Brzęczyszczykiewicz", "brzeczyszczykiewicz", "Dvořák", "dvorak", "Němcová", "nemcova", "Đorđević", "djordjevic", "Čapek", "capek", "Kowalska", "kowalska"),
			joiner: " ",
		},
		{ // Hungarian writes the family name first
			given:       latin("Győző", "gyozo", "Erzsébet", "erzsebet", "Áron", "aron", "Zsófia", "zsofia", "Ödön", "odon", "Réka", "reka"),
			family:      latin("Szőllősi", "szollosi", "Kovács", "kovacs", "Tóth", "toth", "Nagy", "nagy", "Gyöngyösi", "gyongyosi", "Erdős", "erdos"),
			familyFirst: true, joiner: " ",
		},
		{ // Turkish: the dotless i
			given:  latin("Işıl", "isil", "İbrahim", "ibrahim", "Çağla", "cagla", "Oğuz", "oguz", "Şule", "sule", "Ümit", "umit"),
			family: latin("Yıldırım", "yildirim", "Öztürk", "ozturk", "Güneş", "gunes", "Kılıç", "kilic", "Şahin", "sahin", "Doğan", "dogan"),
			joiner: " ",
		},
		{ // Vietnamese
			given:       latin("Thị Hương", "huong", "Văn Dũng", "dung", "Ngọc Ánh", "anh", "Quốc Bảo", "bao", "Minh Châu", "chau", "Đức", "duc"),
			family:      latin("Nguyễn", "nguyen", "Trần", "tran", "Lê", "le", "Phạm", "pham", "Đặng", "dang", "Huỳnh", "huynh"),
			familyFirst: true, joiner: " ",
		},
		{ // Greek
			given:  latin("Ελένη", "eleni", "Γιώργος", "giorgos", "Σοφία", "sofia", "Νίκος", "nikos", "Αθηνά", "athina", "Οδυσσέας", "odysseas"),
			family: latin("Παπαδόπουλος", "papadopoulos", "Οικονόμου", "oikonomou", "Γεωργίου", "georgiou", "Καζαντζάκης", "kazantzakis", "Δημητρίου", "dimitriou"),
			joiner: " ",
		},
		{ // Ukrainian, Bulgarian, Serbian
			given:  latin("Олена", "olena", "Тарас", "taras", "Зоряна", "zoriana", "Борис", "boris", "Љубица", "ljubica", "Ђорђе", "djordje"),
			family: latin("Шевченко", "shevchenko", "Коваленко", "kovalenko", "Петров", "petrov", "Ћирић", "ciric", "Димитрова", "dimitrova", "Щербак", "shcherbak"),
			joiner: " ",
		},
		{ // Georgian and Armenian
			given:  latin("ნინო", "nino", "გიორგი", "giorgi", "თამარ", "tamar", "Արամ", "aram", "Անահիտ", "anahit", "ლევან", "levan"),
			family: latin("ბერიძე", "beridze", "კაპანაძე", "kapanadze", "Սարգսյան", "sargsyan", "Պետրոսյան", "petrosyan", "გელაშვილი", "gelashvili"),
			joiner: " ",
		},
		{ // Arabic and Persian
			given:  latin("فاطمة", "fatima", "محمد", "mohammed", "ليلى", "layla", "يوسف", "yusuf", "شیرین", "shirin", "کوروش", "kourosh"),
			family: latin("الحسن", "alhassan", "المصري", "almasri", "حداد", "haddad", "خوري", "khoury", "رضایی", "rezaei", "العلي", "alali"),
			joiner: " ",
		},
		{ // Hebrew
			given:  latin("נועה", "noa", "דוד", "david", "תמר", "tamar", "איתן", "eitan", "שירה", "shira", "יעל", "yael"),
			family: latin("כהן", "cohen", "לוי", "levi", "מזרחי", "mizrahi", "פרץ", "peretz", "ביטון", "biton"),
			joiner: " ",
		},
		{ // Hindi, Bengali, Tamil
			given:  latin("आरव", "aarav", "प्रिया", "priya", "अनन्या", "ananya", "রহিম", "rahim", "মিতা", "mita", "கவிதா", "kavitha", "முருகன்", "murugan"),
			family: latin("शर्मा", "sharma", "वर्मा", "verma", "पटेल", "patel", "চৌধুরী", "chowdhury", "দাস", "das", "சுப்பிரமணியன்", "subramanian"),
			joiner: " ",
		},
		{ // Thai and Amharic
			given:  latin("สมชาย", "somchai", "กมลวรรณ", "kamonwan", "ณัฐ", "nat", "አበበ", "abebe", "ሰላም", "selam", "ทิพย์", "thip"),
			family: latin("ศรีสุวรรณ", "srisuwan", "วงศ์ใหญ่", "wongyai", "በቀለ", "bekele", "ተስፋዬ", "tesfaye", "จันทร์เพ็ญ", "chanphen"),
			joiner: " ",
		},
		{ // Chinese, with one family name beyond the basic plane
			given:       latin("伟", "wei", "秀英", "xiuying", "小龙", "xiaolong", "明月", "mingyue", "建国", "jianguo", "雨桐", "yutong", "子涵", "zihan"),
			family:      latin("王", "wang", "李", "li", "张", "zhang", "欧阳", "ouyang", "陈", "chen", "𠮷", "ji", "司马", "sima"),
			familyFirst: true,
		},
		{ // Japanese
			given:       latin("さくら", "sakura", "健太", "kenta", "陽菜", "hina", "アキラ", "akira", "美咲", "misaki", "大輔", "daisuke"),
			family:      latin("佐藤", "sato", "鈴木", "suzuki", "髙橋", "takahashi", "田中", "tanaka", "渡邊", "watanabe", "小林", "kobayashi"),
			familyFirst: true, joiner: " ",
		},
		{ // Korean
			given:       latin("지우", "jiwoo", "민준", "minjun", "서연", "seoyeon", "하은", "haeun", "도윤", "doyun", "수빈", "subin"),
			family:      latin("김", "kim", "이", "lee", "박", "park", "최", "choi", "남궁", "namgung", "정", "jung"),
			familyFirst: true,
		},
		{ // Yoruba, Hausa, Māori, Hawaiian
			given:  latin("Olúwaṣeun", "oluwaseun", "Àdùkẹ́", "aduke", "Ngozi", "ngozi", "Ƙasim", "kasim", "Aroha", "aroha", "Kahōkū", "kahoku"),
			family: latin("Adébáyọ̀", "adebayo", "Okonkwo", "okonkwo", "Ɗangote", "dangote", "Te Whānau", "tewhanau", "Kealiʻi", "kealii", "Ọláwálé", "olawale"),
			joiner: " ",
		},
	}
}

// majors returns the majors and their weights: some are popular, some are not.
func majors() []struct {
	name   string
	weight int
} {
	return []struct {
		name   string
		weight int
	}{
		{"Computer Science", 18}, {"Economics", 12}, {"Medicine", 11}, {"Law", 9},
		{"Mechanical Engineering", 9}, {"Psychology", 8}, {"Biology", 8}, {"Mathematics", 6},
		{"Physics", 5}, {"Architecture", 4}, {"Philosophy", 3}, {"Music", 3}, {"Linguistics", 2},
		{"Fine Art & Design", 2}, {"Women's Studies", 1}, {"Egyptology", 1},
	}
}
