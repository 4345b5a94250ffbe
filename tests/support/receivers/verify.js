// Verifies a webhook with two libraries of others. stdin: {secret, headers, body}; prints what each says.
const { secret, headers, body } = JSON.parse(require("fs").readFileSync(0, "utf8"));

async function verify() {
    const said = {};
    for (const name of ["standardwebhooks", "svix"]) {
        // import() takes both kinds of modules, in Debian's Node.js 18 too.
        const { Webhook } = await import(name);
        try {
            new Webhook(secret).verify(body, headers);
            said[name] = "verified";
        } catch (error) {
            said[name] = error.message;
        }
    }
    console.log(JSON.stringify(said));
}
verify();
