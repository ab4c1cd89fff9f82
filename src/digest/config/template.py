"""The commented settings file that `digest init` writes."""

from __future__ import annotations

TEMPLATE = """\
# Settings of the digest. Every key can also come from the environment, which wins:
# [smtp] host is DIGEST_SMTP__HOST. A key that is commented out shows its default,
# or an example where it has none.

[newsletter]
# name = "Weekly AI Tool Verdicts"
# sender = "Weekly AI Tool Verdicts <digest@example.org>"   # the From of every mail; use your own domain
# reply_to = "editors@example.org"
# unsubscribe_address = "leave@example.org"     # any mail to it unsubscribes; docs/operating.md tells how
# operator = "The editors"                      # who is responsible
# postal_address = ""                           # in every mail; the law wants one (CAN-SPAM and others)
# list_id = ""                                  # RFC 2919, such as "weekly.example.org"; never change it
# language = "en"
# templates = "my-templates"                    # your own email templates, file by file over ours
# pages = "my-pages"                            # the same for the web pages

# How mails and pages look; docs/settings.md says what each colour is for.
[theme]
# paper = "#fdfcf9"
# ink = "#16181d"
# muted = "#5a6068"
# line = "#dedbd2"
# rule = "#cbc6b9"
# box = "#f1efe8"
# off = "#e0dcd2"
# ship = "#147a4b"
# split = "#b36b00"
# skip = "#b3372f"
# accent = "#147a4b"
# headings = "Georgia,serif"
# text = "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
# logo = "https://example.org/logo.png"         # instead of the name at the top; with its size
# logo_width = 160
# logo_height = 40

# The same in dark mode.
[theme_dark]
# paper = "#16181d"
# ink = "#eceae4"
# muted = "#a9adb5"
# line = "#363b44"
# rule = "#555b66"
# box = "#20242b"
# off = "#363b44"
# ship = "#4cc38a"
# split = "#f2b04a"
# skip = "#f07167"
# accent = "#1d7a4d"

# What editions call things.
[wording]
# board = "The board"
# ship = "Ship it"
# split = "Split"
# skip = "Skip it"
# none = "Still out"
# yardstick = "The yardstick"
# against = "Against {{tool}}"
# pairs = "Head to head"
# briefly = "Also this week"
# updates = "Moved since"
# read = "Read {{comparison}}"
# browser = "In the browser"
# unsubscribe = "Unsubscribe"
# preferences = "Preferences"
# why = "You get this because you subscribed to {{name}} at {{site}}."

[web]
# base_url = "http://127.0.0.1:8000"            # where readers' links lead: your public https address
# host = "127.0.0.1"                            # where `digest serve` listens
# port = 8000
# trusted_proxies = []                          # ["127.0.0.1"]: whose X-Forwarded-For is believed

[database]
# url = "sqlite:///digest.db"                   # beside this file; or "postgresql://user@host/name"

[smtp]
# host = "localhost"
# port = 587
# security = "starttls"                         # or "tls"; "none" for this machine only
# allow_plaintext = false                       # lifts that; anybody on the way can then read along
# username = "digest"
# password = "..."                              # better: password_file
# password_file = "smtp-password"
# ca_file = "ca.pem"                            # if the relay's certificate is from your own authority
# connections = 4                               # at most; it begins with one
# per_connection = 100                          # messages that one carries before it is opened anew
# per_second = 10                               # at most so many mails a second, from all who send together
# per_hour = 10000                              # and an hour, evenly spread
# warm_up = [200, 500, 1000]                    # at most so many on the first, second, … day of a new sender
# destinations = {{ google = {{ per_second = 5, per_hour = 5000 }}, "*" = {{ per_second = 2 }} }}
# fallback = [{{ host = "relay2.example.org", password_file = "smtp2-password" }}]   # while that one fails

# Signs mails with DKIM; leave it out if your relay does that. docs/operating.md tells how to make keys.
[dkim]
# domain = "example.org"                        # the sender's, or a parent of it
# selector = "digest2026"                       # public key in DNS: digest2026._domainkey.example.org
# key_file = "dkim-rsa.pem"
# ed25519_selector = "digest2026e"              # a second signature
# ed25519_key_file = "dkim-ed25519.pem"

[schedule]
# timezone = "UTC"                              # IANA name such as "Europe/Berlin"
# weekday = "thursday"
# time = "09:00"
# approval = "automatic"                        # or "editor": nothing goes out unapproved
# min_items = 1                                 # fewer wait for next week
# max_items = 10                                # more wait for next week
# max_age = "6 days"                            # later than this is not sent without a person's word
# max_item_age = "8 weeks"                      # a comparison that waited longer is left out

[delivery]
# after_crash = "resend"                        # or "hold": what may have arrived waits for a person
# resend_after = "10 seconds"
# retry_after = ["5 minutes", "30 minutes", "1 hour", "2 hours", "4 hours", "8 hours"]
# give_up_after = "2 days"
# linger = "30 seconds"                         # a run waits this long for a retry before it ends
# lease = "60 seconds"                          # a sender silent for longer is taken for dead
# batch = 200                                   # deliveries claimed at a time
# stop_after_bounces = 0.1                      # more refused for good than this share: it pauses; 1 never
# stop_at_least = 50                            # but not before so many were tried
# patience = "15 minutes"                       # a run waits so long for a database that is away or full

# How often the subscribe form may be used; docs/settings.md tells what each counts.
[signup]
# per_client = "30 in 1 hour"
# in_all = "2000 in 1 hour"
# per_address = "5 in 1 hour"
# per_mailbox = "10 in 1 day"
# per_domain = "100 in 1 hour"
# fill_time = "2 seconds"                       # people take longer for the form than that; "0 seconds": off
# keep_client = "30 days"                       # a hash of the network address stays with a consent so long
# keep_unconfirmed = "30 days"                  # who never confirmed is deleted after that

[keys]
# Secrets. Whoever has them can make links in your name; losing `suppression` forgets who left.
suppression = "{suppression}"
# current = 1                                   # the signing key in use, if not the highest

[keys.signing]
1 = "{signing}"
"""


def settings_template(signing: str, suppression: str) -> str:
    """A whole `digest.toml` with these keys (hexadecimal) and every other setting at its default."""
    return TEMPLATE.format(signing=signing, suppression=suppression)
