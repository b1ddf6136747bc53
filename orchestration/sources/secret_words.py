"""The words by which secrets are known, as patterns: what they are called, and what stands before them in paths."""

STEMS = (
    r"passw(?:or)?d|passwort|pass[_\-. ]?phrase|pass[_\-]?code|pwd|secret|token|authorization|cookies?|credentials?"
    r"|api[_\-. ]?key|(?:access|account|auth|client|database|db|encryption|license|master|priv|private|secret|service"
    r"|shared|signing|ssh|storage)[_\-. ]?key|sess(?:ion)?[_\-]?id|csrf|xsrf|jwt|otp|signature|hmac|connect\.sid"
    r"|kennwort|contrase(?:ñ|n)a|mot de passe|senha|wachtwoord|adgangskode|lösenord|hasło|heslo|şifre|пароль|密码|密碼"
    r"|パスワード|비밀번호"
)
WHOLE_NAMES = (
    r"user_?id|uid|client_?ip|ip_?address|remote_?addr(?:ess)?|x-forwarded-for|ip|e[_\-]?mail|phone|cvv2?|cvc2?"
    r"|card[_\- ]?(?:number|no)|iban|ssn|pass|passwd|pin|auth|x-auth|sid|sig|nonce"
    r"|saml_?(?:request|response)|(?:client_?)?assertion|remember_?me|\w*_session"
)
SUFFIX = r"(?:[_\-]?(?:value|key|hash|id|confirm(?:ation)?|new|old|text|header|base64|[0-9]+))?"
NAME = rf"(?:[\w.\-]*(?:{STEMS}){SUFFIX}|\b(?:{WHOLE_NAMES}))"
HINTED_NAME = rf"(?:(?:{STEMS}){SUFFIX}|\b(?:{WHOLE_NAMES}))"
# In prose: a name of one of these and a word of letters and digits.
SPOKEN = r"password|passwd|pwd|passcode|api[_\- ]?key|access[_\- ]?token|token|secret"
LINK_WORDS = (
    r"reset|verif(?:y|ication)|confirm(?:ation)?|activat(?:e|ion)|invit(?:e|ation)|unsubscribe|opt-?(?:in|out)|magic"
    r"|token|recover(?:y)?|forgot|otp|one-?time|passwordless|auto-?login|sso|impersonate|secret"
)
_ABOUT = r"(?:password|passwd|pw|e?-?mail|account|user|login|signup|link|address|newsletter|order|phone|set|code|my)"
LINK = rf"(?:{_ABOUT}[\-_.]?)*(?:{LINK_WORDS})s?(?:[\-_.]?{_ABOUT})*(?:\.[a-z]{{2,5}})?"
# Words that follow such a segment and are no secret.
STEPS = (
    r"password|e-?mail|account|phone|success(?:ful)?|done|complete|completed|sent|failed|error|expired|invalid|friends"
    r"|thanks|thank-you|new|start|request|form|users?|confirmed|verified|link"
)
