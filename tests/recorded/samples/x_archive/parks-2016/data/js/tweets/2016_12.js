Grailbird.data.tweets_2016_12 = 
 [ {
  "entities" : { "user_mentions" : [ { "name" : "Riverbend Fire", "screen_name" : "RiverbendFire", "id_str" : "910000000000000002", "id" : 910000000000000002, "indices" : [ 3, 17 ] } ], "media" : [ ], "hashtags" : [ ], "urls" : [ ] },
  "id_str" : "809000000000000004",
  "text" : "RT @RiverbendFire: A text that the retweet cuts sho\u2026",
  "id" : 809000000000000004,
  "created_at" : "2016-12-14 09:00:00 +0000",
  "user" : { "name" : "Riverbend Parks", "screen_name" : "RiverbendParks", "id_str" : "910000000000000001" },
  "retweeted_status" : {
    "entities" : { "user_mentions" : [ ], "media" : [ { "id_str" : "808999", "media_url" : "http:\/\/pbs.example\/media\/A.jpg", "media_url_https" : "https:\/\/pbs.example\/media\/A.jpg", "media_alt" : "A fire engine" } ], "hashtags" : [ ], "urls" : [ ] },
    "id_str" : "808999999999999999",
    "text" : "A text that the retweet cuts short, whole",
    "created_at" : "2016-12-14 08:59:00 +0000",
    "user" : { "name" : "Riverbend Fire", "screen_name" : "RiverbendFire", "id_str" : "910000000000000002" }
  }
}, {
  "id_str" : "809000000000000003",
  "text" : "@neighbor The pool opens at 9",
  "created_at" : "2016-12-13 09:00:00 +0000",
  "in_reply_to_status_id_str" : "809000000000000000",
  "in_reply_to_user_id_str" : "77",
  "user" : { "name" : "Riverbend Parks", "screen_name" : "RiverbendParks", "id_str" : "910000000000000001" }
}, {
  "id_str" : "809000000000000002",
  "text" : "(2\/2) and the slide, too",
  "created_at" : "2016-12-12 09:00:00 +0000",
  "in_reply_to_status_id_str" : "803000000000000001",
  "in_reply_to_user_id_str" : "910000000000000001",
  "user" : { "name" : "Riverbend Parks", "screen_name" : "RiverbendParks", "id_str" : "910000000000000001" }
}, {
  "id" : 809000000000000001,
  "text" : "half a pair \ud83c and a NUL \u0000",
  "created_at" : "yesterday",
  "user" : { "name" : "Riverbend Parks", "screen_name" : "RiverbendParks", "id" : 910000000000000001 }
} ]
