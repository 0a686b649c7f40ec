// Package alert decides which findings to tell and sends them.
//
// The model is that of Prometheus' Alertmanager, which operators know: an alert
// is pending, then firing, then resolved; alerts of a server are told together;
// what follows from something worse is not told; silences and acknowledgements
// keep quiet what somebody knows of. In addition an acknowledgement lasts until
// the alert ends, and what flaps is one alert.
//
// [Step] decides, as a pure function of what was known, what was seen and the
// time. A [Desk] takes its decisions in transactions of a [Ledger], which keeps
// the messages together with the state that they tell of, and delivers them:
//
//	desk := alert.Desk{Ledger: h, Options: options, Routes: map[string]alert.Route{"mail:ops@example.org": mail}}
//	err := desk.Judge(ctx, looks, time.Now()) // after each look, and every few seconds
//	err = desk.Deliver(ctx, time.Now)
//
// What is not delivered stays in the ledger. A message is delivered twice only
// if the process dies between the relay's answer and the commit that says so,
// or if the answer gets lost; both then have the same Message-ID.
package alert
