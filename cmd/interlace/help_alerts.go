package main

// alertsManual says how alerts are told.
const alertsManual = `WHAT BECOMES OF A FINDING

What watch finds is pending first. It fires, and is told, when it has lasted for
alerts.for; critical findings, and lines of logs, at once, but what a restart of a
server causes and ends. It is resolved when it was not found for alerts.keep_firing,
which is told with how long it lasted and how bad it got.

What comes back again and again within an hour is one alert from the third time on,
and is over when it has stayed away for an hour. Until then it says since when it is
not found and when it will be over, and has no command. That it flaps is told once,
and after alerts.repeat; when it is back for an hour, it is told anew and flaps no
more. What comparisons found is over as soon as one does not find it.

What a look finds and what a log says of the same fault are one alert: it tells what
the look found, with its command, and what the log says beside that. A line that
tells of trouble has the processes looked at at once, so that both are in the first
message.

Alerts of a server go into one message: the first waits alerts.group_wait for
others, the next message goes out alerts.group_interval later, and what still fires
is told again after alerts.repeat. What is less severe than alerts.least is listed
here, and not told.

WHAT FOLLOWS FROM WHAT

What follows from another fault, and is no more severe, is listed here and not told
beside it:

  watcher_silent, master_down  whatever is found on that server, or at that instance
  replica_unreachable          client_missing, client_hung, log_orphaned, hot_loop,
                               bailing_out, replica_refuses and replica_auth of that
                               channel, and its backlog
  client_missing               log_orphaned, bailing_out, backlog
  client_hung                  its backlog
  log_unwritable               client_duplicate, client_missing, hot_loop,
                               bailing_out
  client_duplicate             hot_loop, bailing_out, backlog
  client_duplicate,            the line that says that somebody ended a process
  client_misplaced
  hot_loop                     bailing_out, replica_refuses, backlog; what the log
                               alone says of replica_unreachable

The message about the cause names what follows. A client that ended because of it
does not begin again by itself: how to start it stands there too, or in a message
of its own where it ended later. What is left when the cause is gone is told in
its own right; a channel has five minutes for that (alerts.for), and its backlog
as long as the fault had lasted. Until then the fault is not told to be over;
after that it is, with what is left, which is told as well.

However much happens at once, at most 8 mails go out in a minute, each address
counted, and then one more in each minute. What would exceed that is told in one
message about all servers that are left, the worst first; a message lists 10 alerts of
each sort and counts the others. So 10,000 alerts in a minute make 10 mails at most,
and nothing is lost: all of them are listed here. Heartbeats are not counted.

WHO IS TOLD

  mail:
    smtp: "relay.example.org:587"
    from: interlace@example.org
    to: [ops@example.org]
    user: interlace                                     # if the relay wants it
    password_file: /etc/interlace/mail-password
  alerts:
    heartbeat: 1d
    webhook: https://example.org/alerts
    webhook_secret_file: /etc/interlace/webhook-secret

By mail, each address for itself: one message when alerts fire, answered by one when
they are resolved. What the relay does not take stays in the database until it does.
alerts.heartbeat adds a mail that says that watch lives: its absence means something.

By alerts.webhook: what Alertmanager posts to its webhooks, as JSON. The header
X-Interlace-Message is the same when a message is posted again; with a secret,
X-Interlace-Signature is sha256= and the HMAC-SHA256 of the body in hexadecimal
digits.

By alerts.alertmanager, its address: it is told everything, in version 2 of its API,
and does the rest. Then interlace itself sends no mail and posts nothing.

"interlace alerts test" tries all of them, "interlace help config" explains every
key.

WHAT KEEPS QUIET

"interlace alerts silence" keeps alerts of a server, a store or a kind quiet for a
while, those to come too: before work that makes noise. "interlace alerts
acknowledge" keeps an alert quiet until it ends: somebody takes care of it.`
