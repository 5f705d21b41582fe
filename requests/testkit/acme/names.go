package acme

// A name as written, and as it stands in an e-mail address.
type name struct{ text, slug string }

var givenNames = []name{
	{"Anna", "anna"},
	{"Jonas", "jonas"},
	{"Lena", "lena"},
	{"Felix", "felix"},
	{"Mia", "mia"},
	{"Jürgen", "juergen"},
	{"Søren", "soeren"},
	{"Zoë", "zoe"},
	{"José", "jose"},
	{"Chloé", "chloe"},
	{"Łukasz", "lukasz"},
	{"Agnieszka", "agnieszka"},
	{"Şeyma", "seyma"},
	{"Emre", "emre"},
	{"Niamh", "niamh"},
	{"Siân", "sian"},
	{"Björk", "bjoerk"},
	{"Þór", "thor"},
	{"Ελένη", "eleni"},
	{"Γιώργος", "giorgos"},
	{"Олена", "olena"},
	{"Дмитро", "dmytro"},
	{"Nguyễn Lan", "lan"},
	{"Minh", "minh"},
	{"小林", "kobayashi"},
	{"美咲", "misaki"},
	{"Fatima", "fatima"},
	{"Omar", "omar"},
	{"Priya", "priya"},
	{"Arjun", "arjun"},
	{"Charlotte", "charlotte"},
	{"William", "william"},
	{"Giulia", "giulia"},
	{"Matteo", "matteo"},
	{"Inês", "ines"},
	{"João", "joao"},
	{"Hannah", "hannah"},
	{"Paul", "paul"},
	{"Marie-Claire", "marie-claire"},
	{"Jean-Luc", "jean-luc"},
}

var familyNames = []name{
	{"Berg", "berg"},
	{"Müller", "mueller"},
	{"Schmidt", "schmidt"},
	{"Weiß", "weiss"},
	{"Köhler", "koehler"},
	{"O'Connor", "oconnor"},
	{"McKenzie", "mckenzie"},
	{"de la Cruz", "delacruz"},
	{"van den Berg", "vandenberg"},
	{"D’Angelo", "dangelo"},
	{"Wiśniewska", "wisniewska"},
	{"Kowalski", "kowalski"},
	{"Yılmaz", "yilmaz"},
	{"Øvergård", "oevergaard"},
	{"Jónsdóttir", "jonsdottir"},
	{"Παπαδόπουλος", "papadopoulos"},
	{"Шевченко", "shevchenko"},
	{"Trần", "tran"},
	{"田中", "tanaka"},
	{"Haddad", "haddad"},
	{"Sharma", "sharma"},
	{"Garcia Lorca", "garcialorca"},
	{"Rossi", "rossi"},
	{"Fernandes", "fernandes"},
	{"Novák", "novak"},
	{"Horváth", "horvath"},
	{"Dubois", "dubois"},
	{"Lefèvre", "lefevre"},
	{"Smith", "smith"},
	{"Jones-Baker", "jonesbaker"},
	{"Fischer", "fischer"},
	{"Vogel", "vogel"},
	{"Winter", "winter"},
	{"Sommer", "sommer"},
	{"Bergström", "bergstroem"},
	{"Virtanen", "virtanen"},
	{"Popescu", "popescu"},
	{"Ó Briain", "obriain"},
	{"Silva", "silva"},
	{"Keller", "keller"},
}

type place struct{ postal, city, country, locale, dial string }

var places = []place{
	{"10115", "Berlin", "DE", "de", "+4930"},
	{"80331", "München", "DE", "de", "+4989"},
	{"50667", "Köln", "DE", "de", "+49221"},
	{"20095", "Hamburg", "DE", "de", "+4940"},
	{"01067", "Dresden", "DE", "de", "+49351"},
	{"1010", "Wien", "AT", "de", "+431"},
	{"75001", "Paris", "FR", "fr", "+331"},
	{"69001", "Lyon", "FR", "fr", "+334"},
	{"D02 X285", "Dublin", "IE", "en", "+3531"},
	{"1017 GA", "Amsterdam", "NL", "nl", "+3120"},
	{"EC1A 1BB", "London", "GB", "en", "+4420"},
	{"EH1 1YZ", "Edinburgh", "GB", "en", "+44131"},
	{"00-001", "Warszawa", "PL", "pl", "+4822"},
	{"28001", "Madrid", "ES", "es", "+3491"},
	{"00118", "Roma", "IT", "it", "+3906"},
	{"94103", "San Francisco", "US", "en", "+1415"},
	{"90012", "Los Angeles", "US", "en", "+1213"},
	{"11120", "Stockholm", "SE", "sv", "+468"},
}

var streets = []string{
	"Gartenstraße", "Lindenweg", "Am Alten Markt", "Bergstraße", "Uferpromenade", "Rue des Érables", "High Street",
	"Station Road", "Kerkstraat", "Calle Mayor", "Via Roma", "ul. Długa", "Mission Street", "Sunset Boulevard", "Storgatan",
}

type article struct {
	sku, title string
	cents      int64
}

var articles = []article{
	{"TNT-2P", "Tent \"Fjell\" for two", 32900},
	{"TNT-4P", "Family tent Lagune, 4 people", 54900},
	{"BTS-HK", "Hiking boots Cirque", 18900},
	{"BTS-KD", "Children’s boots Murmel", 7900},
	{"BAG-DN", "Down sleeping bag −5 °C", 27900},
	{"MAT-01", "Sleeping mat, self-inflating", 8900},
	{"STV-GS", "Gas stove Föhn", 6400},
	{"LMP-HD", "Head torch 400 lm", 4900},
	{"JKT-RN", "Rain jacket Brise", 15900},
	{"PCK-55", "Rucksack 55 l", 17900},
	{"PCK-20", "Day pack 20 l", 6900},
	{"KYK-IN", "Inflatable kayak", 64900},
	{"MUG-EN", "Enamel mug", 1490},
	{"SCK-MR", "Merino socks, 3 pairs", 3290},
}

var networks = []string{"instagram", "facebook", "mastodon", "x"}

var staff = []string{"t.adler", "r.kaur", "j.novak", "s.okafor", "m.lindqvist"}
