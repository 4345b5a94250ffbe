// Parses a mail (stdin) with mailparser and prints what it found.
const { simpleParser } = require("mailparser");

simpleParser(require("fs").readFileSync(0), { keepCidLinks: true }).then((mail) => {
    console.log(JSON.stringify({
        subject: mail.subject, from: mail.from.value, to: mail.to.value, messageId: mail.messageId, references: mail.references,
        date: mail.date, text: mail.text, html: mail.html,
        attachments: mail.attachments.map((a) => ({ cid: a.cid, type: a.contentType, related: a.related, size: a.size })),
    }));
});
