var payload_details =  {
  "tweets" : 5,
  "created_at" : "2017-01-03 08:00:00 +0000",
  "lang" : "en"
}
