"""What real servers say, and what we make of it."""

# ruff: noqa: E501, ISC004 (replies read best as they are, a row each)

from __future__ import annotations

import smtplib
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.replies import Meaning, Reply, Stage, judge

SENT, LATER, READER, MESSAGE = Meaning.SENT, Meaning.LATER, Meaning.READER, Meaning.MESSAGE
US, CONNECTION, UNKNOWN = Meaning.US, Meaning.CONNECTION, Meaning.UNKNOWN
CONNECT, TLS, AUTH, MAIL = Stage.CONNECT, Stage.TLS, Stage.AUTH, Stage.MAIL
RCPT, DATA, BODY, DOT = Stage.RCPT, Stage.DATA, Stage.BODY, Stage.DOT

GONE = True
HERE = False

REAL_LIFE = [
    # sent
    (DOT, "250 2.0.0 OK  1763539200 d9443c01a7336-2986b 123si4567 - gsmtp", SENT, HERE),
    (DOT, "250 2.0.0 Ok: queued as 4dB0Xk1Zz6z9v", SENT, HERE),
    (DOT, "250 OK id=1vLc2M-0007Zx-2P", SENT, HERE),
    (DOT, "250 Ok 0102019a9f3c-000000", SENT, HERE),
    (DOT, "250 2.6.0 <a@b> [InternalId=1] Queued mail for delivery", SENT, HERE),
    # there is no such reader: Gmail, Yahoo, Outlook, Exchange, Postfix, Exim, Sendmail, qmail, IronPort
    (RCPT, "550 5.1.1 The email account that you tried to reach does not exist. Please try\n5.1.1 double-checking "
           "the recipient's email address for typos. - gsmtp", READER, GONE),
    (RCPT, "550 5.2.1 The email account that you tried to reach is inactive. gsmtp", READER, GONE),
    (RCPT, "550 5.2.1 The email account that you tried to reach is disabled. Learn more - gsmtp", READER, GONE),
    (DOT, "554 delivery error: dd This user doesn't have a yahoo.com account (x@yahoo.com) [0] - mta1", READER, GONE),
    (DOT, "554 30 Sorry, your message to x@yahoo.com cannot be delivered. This mailbox is disabled (554.30).",
     READER, GONE),
    (RCPT, "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", READER, HERE),
    (RCPT, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", READER, GONE),
    (RCPT, "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [DB5.prod.protection.outlook.com]",
     READER, HERE),
    (RCPT, "550 5.1.1 <x@example.org>: Recipient address rejected: User unknown in virtual mailbox table",
     READER, GONE),
    (RCPT, "550 <x@example.org>: Recipient address rejected: User unknown in relay recipient table", READER, GONE),
    (RCPT, "550 5.1.2 <x@nowhere.example>... Host unknown (Name server: nowhere.example: host not found)",
     READER, GONE),
    (RCPT, "550 5.1.1 <x@example.org>... User unknown", READER, GONE),
    (RCPT, "550 No Such User Here", READER, GONE),
    (RCPT, "550 Unrouteable address", READER, GONE),
    (RCPT, "550 sorry, no mailbox here by that name. (#5.1.1)", READER, GONE),
    (RCPT, "550 #5.1.0 Address rejected.", READER, HERE),
    (RCPT, "550 5.7.1 <x@example.org>: Recipient address rejected: user no longer active", READER, GONE),
    (RCPT, "556 5.1.10 Recipient address has null MX", READER, GONE),
    (RCPT, "501 5.1.3 Bad recipient address syntax", READER, GONE),
    (RCPT, "553 5.1.2 We weren't able to find the recipient domain. Please check for any spelling errors",
     READER, GONE),
    (RCPT, "550 5.7.17 Mailbox owner has changed", READER, GONE),
    (DOT, "554 delivery error: dd Sorry your message to x@yahoo.com cannot be delivered. This account has been disabled "
          "or discontinued [#102]. - mta222", READER, GONE),
    (RCPT, "552 1 Requested mail action aborted, mailbox not found", READER, GONE),
    (RCPT, "550 5.4.1 [x@example.org]: Recipient address rejected: Access denied", READER, HERE),
    (RCPT, "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable", READER, HERE),
    (RCPT, "550 Unknown user x@example.net", READER, GONE),
    (RCPT, "550 5.0.0 <x@example.org>... User unknown", READER, GONE),
    (RCPT, "550 5.2.1 <x@example.org>... Mailbox disabled for this recipient", READER, GONE),
    (RCPT, "551 not our customer", READER, GONE),
    (RCPT, "550 5.1.1 <x@icloud.com>: inactive email address", READER, GONE),
    # this reader does not want or cannot get it, but exists
    (RCPT, "550 mailbox unavailable", READER, HERE),
    (RCPT, "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required", READER, HERE),
    (RCPT, "554 5.7.1 <x@example.org>: Recipient address rejected: Access denied", READER, HERE),
    (RCPT, "554 5.4.6 Too many hops", READER, HERE),
    (RCPT, "525 5.7.13 Disabled recipient address", READER, HERE),
    (RCPT, "550 5.7.124 Sender not in allowed-senders list", READER, HERE),
    (RCPT, "550 5.5.0 The recipient account is blocked. LPN007_426", READER, HERE),
    # full, too fast, greylisted, busy: later
    (RCPT, "452 4.2.2 The recipient's inbox is out of storage space. gsmtp", LATER, HERE),
    (RCPT, "552 5.2.2 The email account that you tried to reach is over quota. gsmtp", LATER, HERE),
    (RCPT, "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional "
           "messages from being delivered. gsmtp", LATER, HERE),
    (RCPT, "550 5.2.1 The user you are trying to contact is receiving mail too fast. gsmtp", LATER, HERE),
    (DOT, "554 5.2.0 STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded",
     LATER, HERE),
    (DOT, "552 Mailbox full", LATER, HERE),
    (DOT, "554 delivery error: dd Requested mail action aborted - User's mailbox is over quota", LATER, HERE),
    (DOT, "550 5.2.2 <x@example.org>... Mailbox Full", LATER, HERE),
    (RCPT, "552 5.2.2 <x@example.org> Quota exceeded (mailbox for user is full)", LATER, HERE),
    (RCPT, "452 4.2.2 <x@example.org>... Mailbox full", LATER, HERE),
    (RCPT, "552 5.2.2 The recipient's inbox is out of storage space and inactive. Please\n5.2.2 direct the recipient to "
           "manage files. - gsmtp", LATER, HERE),
    (RCPT, "450 4.2.0 <x@example.org>: Recipient address rejected: Greylisted, see http://postgrey.example",
     LATER, HERE),
    (RCPT, "451 4.7.1 Greylisting in action, please come back in 00:05:00", LATER, HERE),
    (RCPT, "450 4.7.1 <x@host>: Recipient address rejected: Greylisted, client host tried too soon", LATER, HERE),
    (RCPT, "451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77714)", LATER, HERE),
    (RCPT, "452 4.5.3 Error: too many recipients", LATER, HERE),
    (RCPT, "552 Too many recipients", LATER, HERE),
    (RCPT, "552 5.5.3 Too many recipients", LATER, HERE),
    (RCPT, "450 4.1.2 <x@slow.example>: Recipient address rejected: Domain not found", LATER, HERE),
    (RCPT, "451 Temporary local problem - please try later", LATER, HERE),
    (RCPT, "451 Resources temporarily not available - Please try again later [#4.16.5]", LATER, HERE),
    (RCPT, "450 4.1.1 <x@example.org>: Recipient address rejected: unverified address: connect to mail", LATER, HERE),
    (RCPT, "450 4.7.1 <x@example.org>: Recipient address rejected: Policy Rejection- Quota Exceeded", LATER, HERE),
    (RCPT, "451 Greylisted, please try again in 180 seconds", LATER, HERE),
    (DOT, "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", LATER, HERE),
    (DOT, "451 4.3.0 Mail server temporarily rejected message. - gsmtp", LATER, HERE),
    (DOT, "451 Temporary service failure", LATER, HERE),
    (MAIL, "452 4.4.5 Insufficient disk space; try again later", LATER, HERE),
    (MAIL, "452 4.3.1 Insufficient system storage", LATER, HERE),
    (DOT, "451 4.3.0 Error: queue file write error", LATER, HERE),
    # the message as such
    (MAIL, "552 5.3.4 Message size exceeds fixed limit", MESSAGE, HERE),
    (MAIL, "552 message exceeds maximum size", MESSAGE, HERE),
    (DOT, "552 5.3.4 Your message exceeded Google's message size limits. - gsmtp", MESSAGE, HERE),
    (DOT, "552 5.2.3 Your message exceeded the size limit of the mailbox", MESSAGE, HERE),
    (DOT, "552 5.7.0 This message was blocked because its content presents a potential\n5.7.0 security issue.",
     MESSAGE, HERE),
    (DOT, "550 5.7.1 This message is not RFC 5322 compliant. There are multiple Subject headers. - gsmtp",
     MESSAGE, HERE),
    (DOT, "554 5.6.0 Corrupt message content", MESSAGE, HERE),
    (DOT, "554 Transaction failed", MESSAGE, HERE),
    (DOT, "552 Message is too long.", MESSAGE, HERE),
    (DOT, "552 Message size exceeds maximum permitted", MESSAGE, HERE),
    (MAIL, "552 5.2.3 Message size exceeds fixed maximum message size (10000000)", MESSAGE, HERE),
    (DOT, "554 Transaction failed: Duplicate header 'DKIM-Signature'.", MESSAGE, HERE),
    (DOT, "554 5.7.1 Service unavailable; message refused: virus found", MESSAGE, HERE),
    (DOT, "550 5.7.1 Message content rejected, UBE, id=00000-00-000", MESSAGE, HERE),
    (DOT, "550 5.7.1 Messages with multiple addresses in From: header are not accepted. - gsmtp", MESSAGE, HERE),
    (DOT, "550 This message contains a virus (Eicar).", MESSAGE, HERE),
    # we
    (AUTH, "535 5.7.8 Username and Password not accepted. For more information, go to - gsmtp", US, HERE),
    (AUTH, "535 Authentication Credentials Invalid", US, HERE),
    (AUTH, "534 5.7.9 Application-specific password required", US, HERE),
    (MAIL, "530 5.7.0 Must issue a STARTTLS command first.", US, HERE),
    (MAIL, "530 Authentication required", US, HERE),
    (RCPT, "550 5.5.1 Authentication Required. Learn more at", US, HERE),
    (MAIL, "530 5.7.57 Client not authenticated to send mail", US, HERE),
    (RCPT, "550 Please turn on SMTP Authentication in your mail client.", US, HERE),
    (RCPT, "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", US, HERE),
    (RCPT, "553 5.7.1 <a@b.example>: Sender address rejected: not owned by user x", US, HERE),
    (RCPT, "501 Rcpt-To validation failed: RCPT TO not accepted: 5.7.1 This system is not configured to relay mail (r)",
     US, HERE),
    (MAIL, "553 5.1.8 <a@nowhere.example>: Sender address rejected: Domain not found", US, HERE),
    (MAIL, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", US, HERE),
    (MAIL, "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's "
           "list", US, HERE),
    (RCPT, "554 5.7.1 <x@example.org>: Relay access denied", US, HERE),
    (RCPT, "550 relay not permitted", US, HERE),
    (RCPT, "550 5.7.1 <x@example.org>... Relaying denied. IP name lookup failed [192.0.2.1]", US, HERE),
    (RCPT, "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", US, HERE),
    (RCPT, "454 4.7.1 <x@example.org>: Relay access denied", US, HERE),
    (RCPT, "550 Verification failed for <a@b.example>\nNo Such User Here\nSender verify failed", US, HERE),
    (RCPT, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", US, HERE),
    (RCPT, "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Part of their network is on our block "
           "list (S3140).", US, HERE),
    (RCPT, "550 5.7.606 Access denied, banned sending IP [192.0.2.1]", US, HERE),
    (RCPT, "550 5.7.23 <x@example.org>: Recipient address rejected: Please see http://www.openspf.net/Why", US, HERE),
    (DOT, "550 5.7.26 Your email has been blocked because the sender is unauthenticated. - gsmtp", US, HERE),
    (DOT, "550 5.7.515 Access denied, sending domain example.org doesn't meet the required authentication level",
     US, HERE),
    (DOT, "550 5.7.1 Our system has detected that this message is likely unsolicited mail. - gsmtp", US, HERE),
    (DOT, "550 5.7.25 The IP address sending this message does not have a PTR record setup - gsmtp", US, HERE),
    (DOT, "550 5.7.509 Access denied, sending domain [EXAMPLE.ORG] does not pass DMARC verification", US, HERE),
    (DOT, "550 5.7.9 This mail has been blocked because the sender is unauthenticated.", US, HERE),
    (DOT, "554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.example", US, HERE),
    (DOT, "554 Message not allowed - [PH01] Email not accepted for policy reasons.", US, HERE),
    (MAIL, "553 5.7.2 [TSS09] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.",
     US, HERE),
    (MAIL, "550 SC-001 (BAY004-MC1F33) Unfortunately, messages from 192.0.2.1 weren't sent. Please contact your "
           "provider since part of their network is on our block list.", US, HERE),
    (MAIL, "550 5.7.708 Access denied, traffic not accepted from this IP", US, HERE),
    (MAIL, "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domain", US, HERE),
    (RCPT, "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]", US, HERE),
    (RCPT, "554 5.7.1 <host[192.0.2.1]>: Client host rejected: Access denied", US, HERE),
    (RCPT, "550 Administrative prohibition", US, HERE),
    (RCPT, "451 4.1.8 Domain of sender address a@b.example does not resolve", US, HERE),
    (RCPT, "550 Denied by policy", US, HERE),
    (RCPT, "554 IP=192.0.2.254 - A problem occurred. (Ask your postmaster for help.) (BL)", US, HERE),
    (RCPT, "550 domain [example.com] mismatches client ip 192.0.2.225.", US, HERE),
    (RCPT, "554 Host network not allowed", US, HERE),
    (DOT, "554 Message rejected: Email address is not verified. The following identities failed the check", US, HERE),
    (DOT, "554 Access denied: User `arn:aws:iam::1:user/x' is not authorized to perform `ses:SendRawEmail'",
     US, HERE),
    (DOT, "454 Throttling failure: Maximum sending rate exceeded.", US, HERE),
    (MAIL, "454 Throttling failure: Daily message quota exceeded.", US, HERE),
    (DOT, "550 5.4.5 Daily user sending limit exceeded. gsmtp", US, HERE),
    (RCPT, "450 4.2.1 Peak SMTP relay limit exceeded for customer. This is a temporary error. - gsmtp", US, HERE),
    (DOT, "550 5.2.2 Submission quota exceeded", US, HERE),
    (DOT, "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
     US, HERE),
    (RCPT, "550 5.1.1 <x@example.com>  - 203.0.113.222 has sent to too many recipients this hour. IB607", US, HERE),
    (RCPT, "550 Ip frequency limited [Blocked IP 192.0.2.22].", US, HERE),
    (DOT, "554 Message rejected: Sending paused for this account. For more information, please check the inbox of the "
          "email address associated with your AWS account.", US, HERE),
    (DOT, "554 Message rejected: Your account is currently suspended", US, HERE),
    (MAIL, "450 4.7.1 Error: too much mail from 192.0.2.1", US, HERE),
    (MAIL, "421 RP-001 The mail server IP connecting to Outlook.com server has exceeded the rate limit allowed.",
     US, HERE),
    (DOT, "421 4.7.30 Your email has been rate limited because DKIM authentication didn't pass. - gsmtp", US, HERE),
    (MAIL, "421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed",
     US, HERE),
    (DOT, "451 4.7.651 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation", US, HERE),
    (DOT, "421 4.7.28 Gmail has detected an unusual rate of mail originating from your IP address. - gsmtp",
     US, HERE),
    (MAIL, "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user "
           "complaints - 4.16.55.1", US, HERE),
    (DATA, "503 5.5.1 Error: need RCPT command", US, HERE),
    (CONNECT, "554 5.7.1 No SMTP service here", US, HERE),
    (TLS, "501 5.5.4 Syntax error", US, HERE),
    # the connection
    (CONNECT, "421 4.3.2 Service not available", CONNECTION, HERE),
    (CONNECT, "450 try later", CONNECTION, HERE),
    (TLS, "454 4.7.0 TLS not available due to local problem", CONNECTION, HERE),
    (AUTH, "454 4.7.0 Temporary authentication failure", CONNECTION, HERE),
    (MAIL, "421 4.4.2 mail.example.org Error: timeout exceeded", CONNECTION, HERE),
    (MAIL, "421 4.7.0 mail.example.org Error: too many errors", CONNECTION, HERE),
    (MAIL, "421 Too many messages in this connection", CONNECTION, HERE),
    (MAIL, "421 Too many concurrent SMTP connections", CONNECTION, HERE),
    (MAIL, "421 4.7.0 mail.example.org Error: too many connections from 192.0.2.1", CONNECTION, HERE),
    (MAIL, "421 4.7.0 Connection expired, try reconnecting. - gsmtp", CONNECTION, HERE),
    (MAIL, "421 4.4.5 Server busy, try again later. - gsmtp", CONNECTION, HERE),
    (MAIL, "421 example.org: SMTP command timeout - closing connection", CONNECTION, HERE),
    (AUTH, "454 4.7.0 Too many login attempts, please try again later. - gsmtp", CONNECTION, HERE),
    (DOT, "421 4.3.2 Service shutting down", CONNECTION, HERE),
    (DATA, "250 ok", CONNECTION, HERE),
    (RCPT, "354 go on", CONNECTION, HERE),
    # out of step after the dot
    (DOT, "354 go on", UNKNOWN, HERE),
]  # fmt: skip


def reply(line: str) -> Reply:
    """`550 text` as a Reply."""
    code, _, text = line.partition(" ")
    return Reply(int(code), text)


@pytest.mark.parametrize(("stage", "line", "meaning", "gone"), REAL_LIFE)
def test_real_replies(stage: Stage, line: str, meaning: Meaning, gone: bool) -> None:
    """One row per reply that servers are known to give."""
    outcome = judge(stage, reply(line))
    assert (outcome.meaning, outcome.gone) == (meaning, gone)
    assert outcome.code == int(line[:3])
    assert outcome.temporary == (line[0] != "5")


@pytest.mark.parametrize(
    ("text", "enhanced"),
    [
        ("5.1.1 no", "5.1.1"),
        ("#5.1.0 no", "5.1.0"),
        ("no (#5.7.1)", "5.7.1"),
        ("5.1.1.1 is an address", None),
        ("see 5.1.1", None),
        ("4.7.500 busy", "4.7.500"),
        ("", None),
    ],
)
def test_enhanced_codes(text: str, enhanced: str | None) -> None:
    """An enhanced code stands first, or in qmail's brackets; numbers elsewhere mean nothing."""
    assert Reply(550, text).enhanced == enhanced


@pytest.mark.parametrize(
    "error", [TimeoutError("slow"), ConnectionResetError(), smtplib.SMTPServerDisconnected("x")]
)
@pytest.mark.parametrize("stage", Stage)
def test_a_lost_connection_is_in_doubt_only_after_the_dot(stage: Stage, error: Exception) -> None:
    """Before the dot nothing was delivered; after it nobody knows."""
    outcome = judge(stage, error)
    assert outcome.meaning is (UNKNOWN if stage is DOT else CONNECTION)
    assert outcome.text
    assert (outcome.code, outcome.enhanced, outcome.gone, outcome.temporary) == (None, None, False, True)


def test_a_bad_certificate_is_not_a_lost_connection() -> None:
    """A failed handshake calls for a person; a hang-up in the middle of one does not."""
    assert judge(TLS, ssl.SSLCertVerificationError("self-signed")).meaning is US
    assert judge(CONNECT, ssl.SSLError("wrong version number")).meaning is US
    assert judge(TLS, ssl.SSLEOFError("eof")).meaning is CONNECTION
    assert judge(DOT, ssl.SSLError("bad record")).meaning is UNKNOWN


@pytest.mark.parametrize("address", ["spam@x.org", "relaying-denied@x.org", "throttle@blocklist.example"])
def test_a_readers_address_never_changes_the_meaning(address: str) -> None:
    """Servers echo addresses; words inside them say nothing."""
    assert judge(RCPT, reply(f"550 <{address}>: mailbox unavailable")).meaning is READER
    assert judge(RCPT, reply(f"451 4.7.1 <{address}> try later")).meaning is LATER


@given(stage=st.sampled_from(Stage), code=st.integers(-1, 999), text=st.text(max_size=200))
def test_every_reply_has_a_meaning(stage: Stage, code: int, text: str) -> None:
    """Nothing a server says raises, and only a 2xx to the dot is "sent"."""
    outcome = judge(stage, Reply(code, text))
    assert (outcome.meaning is SENT) == (stage is DOT and 200 <= code < 300)
    assert outcome.meaning is not UNKNOWN or stage is DOT
    assert not outcome.gone or (outcome.meaning is READER and code >= 500)
    assert "\x1b" not in outcome.text


def test_a_reply_without_end_is_cut() -> None:
    """What is kept fits a ledger row."""
    assert len(judge(RCPT, Reply(550, "x" * 100_000)).text) == 1000
