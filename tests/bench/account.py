"""The made-up WeChat account that every contestant serves. Standard library only: the peers import it too."""

APP_ID = "wx0123456789abcdef"
TOKEN = "viewertoken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ACCOUNT_ID = "gh_7f083739789a"
