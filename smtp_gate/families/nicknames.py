"""First names and what people call those who bear them: each row holds names that may be one person's."""

from collections.abc import Mapping
from typing import Final

_ROWS: Final = """
abigail abby abbie gail / abraham abe bram / adam ad / adelaide addie adele heidi / agnes aggie /
albert al bert bertie / alexander alex alec al sandy xander sasha lex / alexandra alex sandra alexa lexi sandy sasha /
alfred al alf fred freddy / allison alison ali allie / alvin al / amanda mandy amy manda / andrea andi drea andie /
andrew andy drew / angela angie ang / anna ann anne annie nan hannah / anthony tony ant / antonio tony toni /
arnold arnie / arthur art artie / augustus gus augie / barbara barb babs barbie bobbie / beatrice bea trixie /
benjamin ben benny benji / bernard bernie / beverly bev / bradley brad / brandon bran / brenda bren /
caroline carrie carol caro / carolyn carrie carol lyn / carl karl charles / casey case /
catherine cathy cate kate katie cat kitty catie / cecilia cece celia / charles charlie chuck chas chaz /
charlotte charlie lottie char / christina chris chrissy tina christy / christine chris chrissy tina christy /
christopher chris topher kit kris / clifford cliff / clinton clint / constance connie / curtis curt /
cynthia cindy cyndi / daniel dan danny / danielle dani danny / david dave davey davy / deborah deb debbie debra debby /
dennis denny / diane di diana / dolores lola dolly / dominic dom nick / donald don donny donnie / donna don /
dorothy dot dottie dolly / douglas doug / dwayne duane / edith edie / edmund ed eddie ned /
edward ed eddie ted ned teddy / edwin ed eddie / eleanor ellie nora nell elle /
elizabeth liz beth betty lizzie eliza betsy libby lisa elsie bess / ellen ellie nell / emily em emmy / emma em emmy /
enrique henry rick / eric rick ricky / erica ricki / ernest ernie / esther essie / eugene gene / evelyn evie eve /
florence flo flossie / frances fran franny francie / francis frank fran / francisco frank paco pancho cisco /
franklin frank / frederick fred freddy freddie rick / gabriel gabe / gabriella gabby gabi ella / gary gar /
geoffrey geoff jeff / george georgie / gerald gerry jerry / gerard gerry jerry / gilbert gil bert / gloria glo /
gordon gordy / graciela grace / gregory greg gregg / guillermo memo bill / gwendolyn gwen wendy / harold hal harry /
harriet hattie / harrison harry / hector hec / helen nell lena nellie / henry hank harry hal / herbert herb bert /
howard howie / hubert hugh bert / ignacio nacho / irene rene / irving irv / isaac ike / isabella bella izzy isa /
jacob jake / jacqueline jackie jacqui / james jim jimmy jamie jimbo / jane janie jenny / janet jan / janice jan /
jason jay jase / jeanette jean / jeffrey jeff / jennifer jen jenny jenn / jeremiah jerry / jeremy jerry jem /
jerome jerry / jessica jess jessie / jesus chuy / joan joanie / joanne jo joann / joel jo / john jack johnny jon /
jonathan jon johnny jonny nathan / jordan jordy / jose pepe joe / joseph joe joey jo / josephine jo josie /
joshua josh / judith judy jude / julia julie jules / juliana julie / justin jus / karen kari /
katherine kathy kate katie kat kathryn kay kitty / kathleen kathy kate katie kat / kathryn kathy kate katie kat kay /
kenneth ken kenny / kevin kev / kimberly kim kimmy / kristen kris kristy kristin / kristin kris kristy kristen /
kristina kris tina / laura laurie lori / lauren laurie ren / lawrence larry lars laurence / leonard len lenny leo /
leslie les / lester les / lewis lew louis / lillian lil lily lilly / linda lin lindy / lois lo / louis lou louie /
louise lou / lucille lucy / lucas luke / luis lou / madeline maddie maddy / malcolm mal / manuel manny /
marcus marc mark / margaret maggie meg peggy marge margie peg greta madge / maria mary mari / marilyn mary lyn /
marjorie marge margie / martha marty / martin marty / marvin marv / mary molly polly mae / matthew matt matty /
maureen mo / maurice mo / maximilian max / megan meg / melissa missy mel lissa / melanie mel / melvin mel /
mercedes mercy / michael mike mick mickey mikey mitch / michelle shelly shell chelle / miguel mike / mildred millie /
mitchell mitch / monica mo / morris moe / nancy nan / natalie nat / nathan nate nat / nathaniel nate nat nathan /
nicholas nick nicky nico nicolas / nicole nikki nicky nic / norman norm / oliver ollie / olivia liv livvy /
oscar ozzie / pamela pam / patricia pat patty trish tricia patti / patrick pat paddy rick / paul pauly / paula polly /
pauline polly / pedro pete / peter pete / philip phil pip / phillip phil pip / phyllis phyl / priscilla cilla /
rachel rach rae / rafael rafa / ralph ralphie / ramona mona / randall randy / randolph randy / raymond ray /
rebecca becky becca beck / regina gina / reginald reggie reg / ricardo rick rich / richard rick rich dick ricky richie /
robert bob rob bobby robbie bert / roberta bobbie robbie / roberto bob rob beto / robin rob / roderick rod rick /
rodney rod / roger rodge / roland rollie / ronald ron ronnie / rosalind roz / rosemary rose rosie / roxanne roxy /
russell russ rusty / samantha sam sammy / samuel sam sammy / sandra sandy / santiago santi / sarah sally sadie sara /
scott scotty / sebastian seb bastian / sharon shari / sheila shelly / shirley shirl / sidney sid / solomon sol /
sophia sophie / stanley stan / stephanie steph stevie / stephen steve stevie steven / steven steve stevie stephen /
stewart stu stuart / stuart stu stewart / susan sue susie suzy / suzanne sue suzy susie / sylvia syl / tabitha tabby /
tamara tammy tam / teresa terry tess tessa / terrence terry / theodore ted teddy theo / theresa terry tess tessa /
thomas tom tommy / timothy tim timmy / tobias toby / tracy trace / valerie val / vanessa nessa / veronica ronnie vera /
victor vic / victoria vicky vicki tori / vincent vince vinny / virginia ginny ginger gina / vivian viv /
walter walt wally / wanda wendy / warren ren / wesley wes / wilfred will fred / william bill will billy willie liam /
winifred winnie / yolanda yoli / yvonne eve / zachary zach zack
"""


def _table() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in _ROWS.split("/"):
        names = row.split()
        for name in names:
            found.setdefault(name, set()).update(names)
    return {name: frozenset(others - {name}) for name, others in found.items()}


NICKNAMES: Final[Mapping[str, frozenset[str]]] = _table()
"""For each name, the others under which the same person may go."""
