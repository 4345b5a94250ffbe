// Verifies a webhook with two libraries of others. stdin: {secret, headers, body}; prints what each says.
const { Webhook: Standard } = require("standardwebhooks");
const { Webhook: Svix } = require("svix");

const { secret, headers, body } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const said = {};
for (const [name, Library] of [["standardwebhooks", Standard], ["svix", Svix]]) {
    try {
        new Library(secret).verify(body, headers);
        said[name] = "verified";
    } catch (error) {
        said[name] = error.message;
    }
}
console.log(JSON.stringify(said));
