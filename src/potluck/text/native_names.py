"""What languages call themselves, from CLDR 47.

A table, because Babel would load all there is to know of two hundred languages for it: half a second and 120 MB.
"""
# ruff: noqa: RUF001 (letters that look like Latin ones are what these languages are written in)

from typing import Final

_TABLE: Final = (
    "aa=Qafar; ab=Аԥсшәа; af=Afrikaans; am=አማርኛ; an=aragonés; ar=العربية; as=অসমীয়া; ast=asturianu; "
    "az=azərbaycan; ba=башҡорт теле; be=беларуская; bg=български; bho=भोजपुरी; bm=bamanakan; bn=বাংলা; "
    "bo=བོད་སྐད་; br=brezhoneg; bs=bosanski; ca=català; ce=нохчийн; chr=ᏣᎳᎩ; ckb=کوردیی ناوەندی; "
    "co=corsu; cs=čeština; cu=церковнослове́нскїй; cv=чӑваш; cy=Cymraeg; da=dansk; de=Deutsch; "
    "de-AT=Österreichisches Deutsch; de-CH=Schweizer Hochdeutsch; dsb=dolnoserbšćina; dv=ދިވެހިބަސް; "
    "dz=རྫོང་ཁ; ee=eʋegbe; el=Ελληνικά; en=English; en-GB=British English; en-US=American English; "
    "es=español; es-419=español latinoamericano; es-MX=español de México; et=eesti; eu=euskara; "
    "fa=فارسی; ff=Pulaar; fi=suomi; fo=føroyskt; fr=français; fr-CA=français canadien; fur=furlan; "
    "fy=Frysk; ga=Gaeilge; gd=Gàidhlig; gl=galego; gn=avañe’ẽ; gsw=Schwiizertüütsch; gu=ગુજરાતી; "
    "gv=Gaelg; haw=ʻŌlelo Hawaiʻi; he=עברית; hi=हिन्दी; hr=hrvatski; hsb=hornjoserbšćina; "
    "ht=Kreyòl Ayisyen; hu=magyar; hy=հայերեն; ia=interlingua; id=Indonesia; ii=ꆈꌠꉙ; is=íslenska; "
    "it=italiano; iu=ᐃᓄᒃᑎᑐᑦ; ja=日本語; jbo=la .lojban.; jv=Jawa; ka=ქართული; kab=Taqbaylit; "
    "ki=Gikuyu; kk=қазақ тілі; kl=kalaallisut; km=ខ្មែរ; kn=ಕನ್ನಡ; ko=한국어; kok=कोंकणी; ks=کٲشُر; "
    "ku=kurdî (kurmancî); kw=kernewek; ky=кыргызча; la=Latina; lb=Lëtzebuergesch; lg=Luganda; "
    "lij=ligure; ln=lingála; lo=ລາວ; lt=lietuvių; lu=Tshiluba; lv=latviešu; mai=मैथिली; mk=македонски; "
    "ml=മലയാളം; mn=монгол; mni=মৈতৈলোন্; moh=Kanienʼkéha; mr=मराठी; ms=Melayu; mt=Malti; my=မြန်မာ; "
    "nb=norsk bokmål; nd=isiNdebele; nds=Neddersass’sch; ne=नेपाली; nl=Nederlands; nn=norsk nynorsk; "
    "no=norsk; nr=isiNdebele; nv=Diné Bizaad; oc=occitan; om=Oromoo; or=ଓଡ଼ିଆ; os=ирон; pa=ਪੰਜਾਬੀ; "
    "pl=polski; ps=پښتو; pt=português; pt-BR=português (Brasil); pt-PT=português europeu; qu=Runasimi; "
    "rm=rumantsch; rn=Ikirundi; ro=română; ru=русский; rw=Ikinyarwanda; sa=संस्कृत भाषा; "
    "sah=саха тыла; sat=ᱥᱟᱱᱛᱟᱲᱤ; sc=sardu; scn=sicilianu; sd=سنڌي; se=davvisámegiella; sg=Sängö; "
    "si=සිංහල; sk=slovenčina; sl=slovenščina; sma=Åarjelsaemien gïele; smj=julevsámegiella; "
    "sn=chiShona; so=Soomaali; sq=shqip; sr=српски; sr-Latn=srpski (latinica); ss=siSwati; st=Sesotho; "
    "su=Basa Sunda; sv=svenska; sw=Kiswahili; szl=ślōnski; ta=தமிழ்; te=తెలుగు; tg=тоҷикӣ; th=ไทย; "
    "ti=ትግርኛ; tk=türkmen dili; tn=Setswana; to=lea fakatonga; tok=toki pona; tr=Türkçe; ts=Xitsonga; "
    "tt=татар; ug=ئۇيغۇرچە; uk=українська; ur=اردو; uz=o‘zbek; vai=ꕙꔤ; ve=Tshivenḓa; vec=veneto; "
    "vi=Tiếng Việt; wa=walon; xh=IsiXhosa; yi=ייִדיש; yo=Èdè Yorùbá; yue=粵語; za=Vahcuengh; "
    "zgh=ⵜⴰⵎⴰⵣⵉⵖⵜ; zh=中文; zh-Hans=简体中文; zh-Hant=繁體中文; zu=isiZulu"
)
NATIVE_NAMES: Final[dict[str, str]] = dict(entry.split("=", 1) for entry in _TABLE.split("; "))
"""Language tag to the language's own name; languages whose name is the English one are left out."""
