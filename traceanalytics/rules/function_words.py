"""The small words that hold sentences together, of languages that models answer in."""

UNKNOWN = -1  # in the place of the number of a prompt's language

FUNCTION_WORDS: dict[str, str] = {
    "English": (
        "the of and to a in is that it for on with as was be by this are or from at an which have has not we "
        "can so if but will one all each their its then there also these than when where what how let into us "
        "our since because therefore thus hence i you they he she his her must would should could may might "
        "do does did been being first next now only both two three no any more some other same such most out "
        "up between after before per here get gets given using find need needs"
    ),
    "Spanish": (
        "el la los las un una de del que y en es por con para se al lo como su sus más pero si no son está "
        "entonces cada hay este esta esto ya también cuando donde porque sea ser tiene"
    ),
    "French": (
        "le la les un une des de du et est que qui dans pour par sur avec ce cette ces il elle on nous vous "
        "ne pas plus au aux se sa son ses donc or mais si ou où comme sont être a ont alors c d l n s qu"
    ),
    "German": (
        "der die das den dem des ein eine einen einem einer und ist nicht zu von mit auf für im in sich es "
        "wir auch als an werden wird sind hat dass wie bei oder aus so nach dann also wenn aber nur noch man"
    ),
    "Portuguese": (
        "o a os as um uma de do da dos das que e em no na nos nas é por com para se ao como mais mas ou não "
        "são já então quando pois ser tem"
    ),
    "Italian": (
        "il lo la i gli le un uno una di del della dei delle che e è in per con non se da al alla sono come "
        "più ma anche questo questa quindi ogni ha essere"
    ),
    "Dutch": (
        "de het een van en is dat in te op met voor niet zijn er we aan om ook als maar dan dit die bij of "
        "nog wordt worden hebben heeft door naar dus"
    ),
    "Polish": "i w na z do nie się że jest to o jak po co ale za od przez dla tak lub są więc jeśli który która",
    "Swedish": (
        "och i att det som en ett på är av för med den till inte vi kan har de om så men från eller också när då"
    ),
    "Danish": "og i at det som en et på er af for med den til ikke vi kan har de om så men fra eller når da",
    "Romanian": "și de la în o un este care pe cu nu se din mai să pentru ca dacă sunt dar prin apoi",
    "Turkish": "ve bir bu da de için ile o ne olarak daha çok gibi ise olan sonra kadar her eğer",
    "Indonesian": (
        "dan yang di dari ke untuk dengan ini itu pada adalah tidak juga akan karena maka jadi kita dalam "
        "oleh atau sebuah"
    ),
    "Vietnamese": "và là của có trong cho với không được một các ta nên vì khi đó này số từ theo thì",
    "Czech": "je v na se že to s z do pro ne si jak ale by jsou tak který když protože nebo po od",
    "Hungarian": "a az és hogy nem is egy ez van meg de ha mert vagy csak mint már még akkor tehát",
    "Finnish": "ja on ei se että kun niin tai mutta ovat jos myös kuin joka sen voi tämä",
    "Catalan": "el la els les de i que en un una per amb és no al del com més però si",
    "Russian": "и в не на что с по как это а то к у из за от так же но если для все или мы",
}
