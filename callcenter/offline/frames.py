"""Frames: how anybody on a telephone answers, hesitates, greets and leads up to what they want."""

from __future__ import annotations

from callcenter.offline.words import row

ACKNOWLEDGEMENTS = row(
    "mm|hmm|mhm|mm hmm|uh huh|uh|um|ah|oh|okay|ok|right|sure|i see|got it|alright|all right|yeah"
    "|yep|fine|great|perfect|good|oh okay|oh i see|oh good|that's great|wonderful",
    "|",
)
YES = row(
    "yes|yes|yes|yes|yes|yes|yes|yes|yes please|yes please|yeah|yeah|yeah|yep|yes it is|yes it does"
    "|yes i do|yes i am|yes it's on|yes it's on now|yes there is|yes there is a light|yes it works"
    "|yes it works now|yes it's working|yes it's working now|yes it's back|it's back|it works"
    "|it works now|yes that's right|that's right|that's correct|correct|yes that's fine"
    "|that's fine|that's good|that works|that works for me|yes that works|yes that works for me"
    "|that suits me|yes that suits me|that's okay|that's okay with me|yes go ahead|go ahead"
    "|please go ahead|okay go ahead|sure go ahead|yes do that|please do|please do that|do that"
    "|yes i would|yes i'd like that|i'd like that|absolutely|definitely|of course|exactly"
    "|yes sure|sure|okay|ok|okay please|yes okay|alright|all right|yeah sure|yeah that's fine"
    "|yeah please|yeah it is|yeah it's working|why not|sounds good|that sounds good|yes thank you"
    "|yes thanks|a green light|the light is green|it's green|it's red|it's blinking"
    "|it is blinking|the light is blinking|there's a red light|yes a red light",
    "|",
)
NO = row(
    "no|no|no|no|no|no|no|no thanks|no thank you|nope|not really|no not really|no i don't"
    "|no it isn't|no it's not|no it is not|no it doesn't|no it didn't|no it didn't help"
    "|no there isn't|no there's no light|there is no light|no light|no lights|it's off|it's dark"
    "|no it's off|no it's still off|still nothing|nothing|no nothing|no it's still down"
    "|it's still not working|it still doesn't work|no it still doesn't work|not yet|no not yet"
    "|no change|nothing has changed|no i'd rather not|i'd rather not|rather not|better not"
    "|please don't|don't do that|no don't|no don't do that|that doesn't suit me"
    "|that doesn't work for me|no that doesn't work|no that doesn't work for me|no that's wrong"
    "|that's wrong|no that's not right|that's not right|that's not correct|no i can't|i can't"
    "|do you have anything earlier|do you have anything later|is there another time"
    "|another time please|a different day please|another day|later please|earlier please"
    "|in the afternoon would be better|the morning would be better|i'm not sure|i don't know"
    "|maybe|maybe later|i have to think about it|let me think about it|not now|not today",
    "|",
)
SMALL_TALK = row(
    "hello|hello|hi|hi|hi there|hey|good morning|good afternoon|good evening|hello can you hear me"
    "|are you there|are you still there|hello is anybody there|how are you|how are you doing"
    "|how are you today|i'm fine thank you|thank you|thank you|thank you very much|thanks|thanks"
    "|thanks a lot|thank you so much|thanks for your help|thank you for your help|that's very kind"
    "|great thank you|great thanks|okay thank you|okay thanks|perfect thank you|you're welcome"
    "|goodbye|bye|bye bye|okay bye|thank you bye|thanks bye|thank you goodbye|have a nice day"
    "|have a good day|you too|see you|no that's all|no that's it|that's all|that's all thank you"
    "|that's all thanks|that's everything|that will be all|no thank you that's all"
    "|no thanks that's all|no thank you goodbye|nothing else|nothing else thank you"
    "|i'm done|i'm all set|are you a real person|are you a machine|are you a robot"
    "|am i talking to a machine|am i talking to a computer|is this a recording|who is this"
    "|who am i talking to|what is your name|sorry|sorry what|pardon|pardon me|excuse me"
    "|what did you say|what was that|i didn't catch that|i didn't understand|i don't understand"
    "|say that again|say that again please|could you say that again|can you say that again"
    "|could you repeat that|can you repeat that|please repeat that|repeat that please"
    "|repeat please|once more please|one more time please|come again|what do you mean"
    "|i can't hear you|you are breaking up|the line is bad|speak up please|slower please"
    "|can you speak slower|not so fast|one moment|one moment please|one second|just a moment"
    "|just a second|hold on|hold on a moment|hold on a second|hang on|hang on a second|wait"
    "|wait a minute|wait a moment|give me a second|give me a moment|let me see|let me check"
    "|let me look|let me find it|let me get it|let me get my bill|i have to look for it"
    "|i'm looking for it|okay i have it|i have it|i got it|here it is|never mind|forget it"
    "|forget about it|stop|cancel|cancel that|i changed my mind|something else|that's not it"
    "|that's not what i want|that's not what i said|that's not what i asked|no i said"
    "|what can you do|what can i do|can you help me|help|i need help|i need some help"
    "|help me please"
    "|what are my options|i have another question|i have one more question|one more thing"
    "|i don't have it|i don't know it|i forgot it|i forgot|i don't remember|i can't remember"
    "|i lost it|i don't have that|i don't have it with me|where can i find it|where do i find that"
    "|this is ridiculous|this is taking too long|i've been waiting for an hour|i already told you",
    "|",
)
BEFORE_WISH = row(
    "||||||||||hi|hello|hi there|good morning|good afternoon|yes|yes hi|yeah|yeah hi|um|uh|well"
    "|so|okay|okay so|oh|and|also|actually|no|sorry|please|yes please|can you tell me"
    "|could you tell me|could you please tell me|can you help me|i'm calling because"
    "|i am calling because|i'm calling about|it's about|i wanted to ask|i want to ask"
    "|i want to know|i'd like to know|i would like to know|i was wondering|i think"
    "|i just wanted to say",
    "|",
)
AFTER_WISH = row(
    "|||||||||||||please|please|thanks|thank you|today|now|right now|again|at the moment"
    "|this month|last month|since yesterday|since this morning|for two days|all the time"
    "|in the evening|what can i do|can you help me|and i don't know why|if that's okay",
    "|",
)
BEFORE_DIGITS = row(
    "it's|it is|yes it's|that's|that is|sure it's|okay it's|um|uh|so it's|the number is"
    "|my number is|my account number is|the account number is|account number|my pin is|the pin is"
    "|pin|my pin number is|it should be|i think it's|let me see|yes|okay|sure|my phone number is"
    "|you can call me on|you can reach me at|call me at|my zip code is|the zip code is|zip code",
    "|",
)
CORRECTIONS = row(
    "no|sorry|no sorry|no wait|wait|no i mean|i mean|sorry i mean|no i meant|that was wrong"
    "|i made a mistake|no i said|correction|actually",
    "|",
)
BEFORE_DAY = row(
    "it's|that's|on|maybe|i think|how about|what about|i was born on|i was born|my date of birth is"
    "|my birthday is|date of birth|born|i can pay|i will pay|i'll pay|i could pay|i'd pay"
    "|i can pay it|i'll pay it all|i can do|call me|call me back|please call me|you can call me"
    "|could you call me|is it possible|would it be possible|by|until|from|from next week on",
    "|",
)
BEFORE_NAME = row(
    "this is|my name is|i'm|i am|it's|the name is|name is|hello this is|hi this is|hello my name is"
    "|hi my name is|good morning this is|yes this is",
    "|",
)
BEFORE_PLACE = row(
    "|in|it's|i'm in|i am in|i live in|we live in|i'm calling from|near|the town is|it's in"
    "|is there an outage in|what about|is the internet down in",
    "|",
)
