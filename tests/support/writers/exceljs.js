// Writes the same sheet with exceljs, shared strings and all. usage: node exceljs.js FILE
const ExcelJS = require("exceljs");

const workbook = new ExcelJS.Workbook();
const sheet = workbook.addWorksheet("Data");
const hidden = workbook.addWorksheet("Secret", { state: "hidden" });
hidden.addRow(["nobody"]);
sheet.addRow(["Text", "Number", "Day", "Stamp", "Ok", "Formula", "Error"]);
const utc = (...parts) => new Date(Date.UTC(...parts));
const row = sheet.addRow(["Zoë 😀\ntwo", 12.5, utc(2026, 0, 31), utc(2026, 2, 29, 2, 30, 0), true,
    { formula: "B2*2", result: 25 }, { error: "#N/A" }]);
row.getCell(3).numFmt = "dd.mm.yyyy";
row.getCell(4).numFmt = "yyyy-mm-dd hh:mm:ss";
sheet.addRow([]);
sheet.addRow([{ richText: [{ text: "rich " }, { font: { bold: true }, text: "text" }] }, -3]);
workbook.xlsx.writeFile(process.argv[2]);
