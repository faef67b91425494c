/** Lower-case nouns, each once. */
export const words: readonly string[] = `
oven costume counterpart syndrome therapist anchor apple arrow autumn avenue bakery balcony ballad bamboo banner barrel basin
basket beacon beaver bicycle biscuit blanket blossom bonfire border bottle boulder bracelet bridge bronze bucket buffalo butter
cabinet cactus camera canal candle canyon captain caravan carbon cardinal carpet castle cathedral cellar ceramic chalk chamber
channel chapel cherry chimney cinema circle citizen climate clover cluster coach cobalt coconut coffee collar comet compass
concert copper coral corner cottage cotton courage cradle crater crayon cricket crown crystal curtain cushion cyclone dagger dairy
dancer daylight delta desert diamond diary dinner dolphin domino donkey dragon drawer dream driver drummer dungeon eagle
earthquake echo editor eggplant elbow elephant elevator ember emerald empire engine envelope estuary evening explorer fabric
factory falcon feather fence ferry festival fiddle finger flagship flamingo flannel flask flavor flour flute forest fortune fossil
fountain fragment freight friend frontier funnel galaxy gallery garden garlic garment gazelle ginger giraffe glacier glider glove
goblet granite grape gravel grocer guitar hammer hammock harbor harvest hazel helmet heron hillside hinge holiday honey horizon
hornet hostel hunter hurdle iceberg igloo insect island ivory jacket jaguar jasmine jelly jewel journal journey jungle juniper
kayak kernel kettle kingdom kitchen kitten knight ladder lagoon lantern lasso laundry lawyer leather lemon leopard letter library
lilac limestone linen lizard lobster locket lotus lumber machine magnet mango mansion maple marble market meadow medal melody
merchant meteor midnight mineral mirror mitten monsoon morning mosaic mountain muffin museum mustard napkin nectar needle nephew
nickel notebook nozzle oasis oatmeal ocean octopus olive onion opera orange orbit orchard orchid organ otter owner oyster paddle
palace panther papaya parade parcel parrot pastry peacock pebble pelican pencil pepper piano pigeon pillow pirate planet plaster
pocket poet popcorn portrait potato prairie prism puddle pumpkin puzzle pyramid quarry quartz quilt rabbit radio rainbow raven
reef ribbon river robin rocket rooster saddle saffron sailor salmon sandal sapphire satchel saucer scarf scholar school sculptor
season shadow shelter shepherd signal silver sketch slipper socket spider spinach sponge squirrel stadium station stream studio
summit sunrise syrup tablet tailor tavern teacher temple thimble thunder ticket tiger timber tomato torch tractor trumpet tulip
tunnel turtle umbrella valley vanilla velvet vessel village violin volcano voyage wagon walnut warrior whisper willow window
winter wizard workshop yogurt zebra zeppelin
`
  .trim()
  .split(/\s+/)
